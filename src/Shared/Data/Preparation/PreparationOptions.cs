namespace NnCluster.Data;

/// <summary>How columns of numbers are scaled, by statistics of the training rows.</summary>
public enum ScalingKind
{
    /// <summary>(x − mean) / standard deviation.</summary>
    Standard,

    /// <summary>(x − minimum) / (maximum − minimum).</summary>
    MinMax,

    /// <summary>The numbers as they are.</summary>
    None,
}

/// <summary>Replacement of missing numbers; in columns of text it is the most frequent category, unless missing values are refused.</summary>
public enum MissingKind
{
    /// <summary>The mean of the training rows.</summary>
    Mean,

    /// <summary>The median of the training rows.</summary>
    Median,

    /// <summary>The most frequent value of the training rows; of several the smallest.</summary>
    MostFrequent,

    /// <summary>Nothing: a missing value is an error.</summary>
    Refuse,
}

/// <summary>Treatment of columns of text.</summary>
public enum CategoryKind
{
    /// <summary>One feature for each category of the training rows: 1 in its rows, 0 elsewhere.</summary>
    OneHot,

    /// <summary>Nothing: a column of text is an error.</summary>
    Refuse,
}

/// <summary>How the columns of a table become features.</summary>
public sealed record PreparationOptions
{
    /// <summary>Scaling of columns of numbers.</summary>
    public ScalingKind Scaling { get; init; } = ScalingKind.Standard;

    /// <summary>Replacement of missing values.</summary>
    public MissingKind Missing { get; init; } = MissingKind.Mean;

    /// <summary>Treatment of columns of text.</summary>
    public CategoryKind Categories { get; init; } = CategoryKind.OneHot;
}
