namespace NnCluster.Data;

/// <summary>
/// Division of the rows of a data set into training, validation and test rows, drawn by a seed; by default each class has its share of every
/// part.
/// </summary>
public sealed record SplitOptions
{
    /// <summary>Share of the rows that become test rows, 0 to below 1, where the data set has no test part of its own.</summary>
    public double Test { get; init; } = 0.2;

    /// <summary>Validation rows, held out of the training rows: a share below 1, or a number of rows from 1 on; 0: none.</summary>
    public double Validation { get; init; }

    /// <summary>Most training rows, drawn from those that are left; null: all.</summary>
    public int? Limit { get; init; }

    /// <summary>Decides which rows.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Whether each class of a classification has its share of every part.</summary>
    public bool Stratify { get; init; } = true;
}
