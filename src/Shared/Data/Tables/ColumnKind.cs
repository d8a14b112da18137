namespace NnCluster.Data;

/// <summary>Kind of the values of a column.</summary>
public enum ColumnKind
{
    /// <summary>Finite numbers.</summary>
    Number,

    /// <summary>Names of categories.</summary>
    Text,
}
