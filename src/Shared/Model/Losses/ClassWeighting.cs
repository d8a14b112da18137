using System.Collections.Immutable;

namespace NnCluster.Model;

/// <summary>Weights of the classes in the loss.</summary>
public enum ClassWeighting
{
    /// <summary>Every row counts the same.</summary>
    None,

    /// <summary>Every class counts the same: a row counts rows ÷ (classes that have training rows · rows of its class), as in scikit-learn.</summary>
    Balanced,
}

/// <summary>Computes weights of classes.</summary>
internal static class ClassWeights
{
    /// <summary>Balanced weights: rows ÷ (classes with rows · rows of the class), computed in double precision; 1 for a class without rows.</summary>
    /// <param name="labels">Class of each training row, (rows).</param>
    /// <param name="classes">Number of classes.</param>
    /// <returns>Weight of each class, (classes). Their mean over the rows is 1.</returns>
    public static ImmutableArray<float> Balanced(ReadOnlySpan<int> labels, int classes)
    {
        long[] counts = new long[classes];
        foreach (int label in labels)
        {
            counts[label]++;
        }

        int present = counts.Count(count => count > 0);
        double rows = labels.Length;
        return [.. counts.Select(count => count == 0 ? 1f : (float)(rows / ((double)present * count)))];
    }
}
