using NnCluster.Persistence;
using ScottPlot;

namespace NnCluster.Cli.Reporting;

/// <summary>Reduces the points of a series without a visible change of the figure.</summary>
internal static class SeriesThinning
{
    /// <summary>
    /// Returns the finite losses. A series of more than <paramref name="most"/> points is divided into groups of neighbours: it
    /// keeps the first point of each group, and the highest one if that is above twice the mean of the group.
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

    /// <summary>
    /// Divides a series into at most <paramref name="most"/> groups of neighbours, and returns the mean loss of each at the
    /// middle of its steps.
    /// </summary>
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
