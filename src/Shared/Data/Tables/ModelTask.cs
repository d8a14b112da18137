namespace NnCluster.Data;

/// <summary>Kind of the answers of a model.</summary>
public enum ModelTask
{
    /// <summary>One of several classes.</summary>
    Classification,

    /// <summary>A number.</summary>
    Regression,
}
