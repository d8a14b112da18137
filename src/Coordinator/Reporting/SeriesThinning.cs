using ScottPlot;

namespace NnCluster.Coordinator.Reporting;

/// <summary>Fewer points that look the same on paper.</summary>
internal static class SeriesThinning
{
    /// <summary>The finite losses; above <paramref name="most"/> points, the lowest and the highest of each run of neighbours.</summary>
    public static List<Coordinates> Envelope(IReadOnlyList<StepPoint> steps, int most)
    {
        int bucket = steps.Count <= most ? 1 : (2 * steps.Count + most - 1) / most;
        var points = new List<Coordinates>(Math.Min(steps.Count, most));
        for (int first = 0; first < steps.Count; first += bucket)
        {
            StepPoint? low = null;
            StepPoint? high = null;
            for (int i = first; i < Math.Min(first + bucket, steps.Count); i++)
            {
                if (float.IsFinite(steps[i].Loss))
                {
                    low = low is null || steps[i].Loss < low.Value.Loss ? steps[i] : low;
                    high = high is null || steps[i].Loss > high.Value.Loss ? steps[i] : high;
                }
            }

            if (low is StepPoint lowest && high is StepPoint highest)
            {
                (StepPoint earlier, StepPoint later) = lowest.Step <= highest.Step ? (lowest, highest) : (highest, lowest);
                points.Add(new(earlier.Step, earlier.Loss));
                if (later.Step != earlier.Step)
                {
                    points.Add(new(later.Step, later.Loss));
                }
            }
        }

        return points;
    }

    /// <summary>The mean loss of each of at most <paramref name="most"/> runs of neighbours, at their middle.</summary>
    public static List<Coordinates> Means(IReadOnlyList<StepPoint> steps, int most)
    {
        int bucket = (steps.Count + most - 1) / most;
        var points = new List<Coordinates>(most);
        for (int first = 0; first < steps.Count; first += bucket)
        {
            int end = Math.Min(first + bucket, steps.Count);
            double sum = 0;
            int count = 0;
            for (int i = first; i < end; i++)
            {
                if (float.IsFinite(steps[i].Loss))
                {
                    sum += steps[i].Loss;
                    count++;
                }
            }

            if (count > 0)
            {
                points.Add(new((steps[first].Step + steps[end - 1].Step) / 2.0, sum / count));
            }
        }

        return points;
    }
}
