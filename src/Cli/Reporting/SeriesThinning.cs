using NnCluster.Persistence;
using ScottPlot;

namespace NnCluster.Cli.Reporting;

/// <summary>Fewer points that look the same on paper.</summary>
internal static class SeriesThinning
{
    /// <summary>
    /// The finite losses. Above <paramref name="most"/> points it keeps one of each run of neighbours, so that the dots keep
    /// their density, and that run's highest where it is a spike: over twice the mean of the run.
    /// </summary>
    public static List<Coordinates> Dots(IReadOnlyList<StepPoint> steps, int most)
    {
        int bucket = (steps.Count + most - 1) / most;
        var points = new List<Coordinates>(Math.Min(steps.Count, most));
        for (int first = 0; first < steps.Count; first += bucket)
        {
            StepPoint highest = steps[first];
            double sum = 0;
            int end = Math.Min(first + bucket, steps.Count);
            for (int i = first; i < end; i++)
            {
                sum += steps[i].Loss;
                highest = steps[i].Loss > highest.Loss && float.IsFinite(steps[i].Loss) ? steps[i] : highest;
            }

            if (float.IsFinite(steps[first].Loss))
            {
                points.Add(new(steps[first].Step, steps[first].Loss));
            }

            if (highest.Step != steps[first].Step && highest.Loss > 2 * sum / (end - first))
            {
                points.Add(new(highest.Step, highest.Loss));
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
