namespace NnCluster.Data;

/// <summary>Meaning of the first line of a CSV or TSV file.</summary>
public enum HeaderKind
{
    /// <summary>It holds the names of the columns if none of its fields is a number or stands for a missing value.</summary>
    Auto,

    /// <summary>It holds the names of the columns, even if they look like numbers.</summary>
    Yes,

    /// <summary>It is a row.</summary>
    No,
}
