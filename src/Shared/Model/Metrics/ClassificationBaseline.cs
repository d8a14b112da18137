using System.Collections.Immutable;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>
/// Predictor that sees no feature: it answers every row with the most frequent class of the training rows, and with the
/// frequencies of the training rows as probabilities.
/// </summary>
internal sealed class ClassificationBaseline
{
    private readonly ImmutableArray<string> _names;

    private ClassificationBaseline(ImmutableArray<string> names, int mostFrequentClass, ImmutableArray<double> frequencies) =>
        (_names, MostFrequentClass, Frequencies) = (names, mostFrequentClass, frequencies);

    /// <summary>The most frequent class of the training rows; the first of several equally frequent ones.</summary>
    public int MostFrequentClass { get; }

    /// <summary>Share of each class in the training rows, (classes).</summary>
    public ImmutableArray<double> Frequencies { get; }

    /// <summary>The baseline of training labels.</summary>
    /// <param name="trainingLabels">Class of each training row, (rows), from 0 on; at least one row.</param>
    /// <param name="names">Names of the classes, in label order.</param>
    /// <exception cref="ArgumentException">There is no row or no class, or a label is not that of a class.</exception>
    public static ClassificationBaseline Of(ReadOnlySpan<int> trainingLabels, ImmutableArray<string> names)
    {
        return Of([.. Count(trainingLabels, names)], names);
    }

    /// <summary>The baseline of training rows that were counted.</summary>
    /// <param name="counts">Training rows of each class, (classes); at least one row.</param>
    /// <param name="names">Names of the classes, in label order.</param>
    public static ClassificationBaseline Of(ImmutableArray<long> counts, ImmutableArray<string> names)
    {
        long rows = counts.Sum();
        return new(names, counts.IndexOf(counts.Max()), [.. counts.Select(count => (double)count / rows)]);
    }

    /// <summary>
    /// Compares its answers with labels. The area under the ROC curve is 0.5, since all rows have equal scores, and NaN if fewer
    /// than two classes occur.
    /// </summary>
    /// <param name="labels">Class of each row, (rows), from 0 on; at least one row.</param>
    /// <exception cref="ArgumentException">There is no row, or a label is not that of a class.</exception>
    public ClassificationMetrics Evaluate(ReadOnlySpan<int> labels)
    {
        long[] counts = Count(labels, _names);
        ConfusionMatrix confusion = new(_names);
        double loss = 0;
        for (int c = 0; c < counts.Length; c++)
        {
            confusion.Add(c, MostFrequentClass, counts[c]);
            loss -= counts[c] * PortableMath.Log(Math.Max(Frequencies[c], ClassificationMetrics.LeastProbability));
        }

        return confusion.ToMetrics(counts.Count(count => count > 0) > 1 ? 0.5 : double.NaN, loss / labels.Length);
    }

    private static long[] Count(ReadOnlySpan<int> labels, ImmutableArray<string> names)
    {
        ClassificationMetrics.RequireLabels(labels, names);
        long[] counts = new long[names.Length];
        foreach (int label in labels)
        {
            counts[label]++;
        }

        return counts;
    }
}
