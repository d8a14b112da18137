namespace NnCluster.Data;

/// <summary>What a model answers for a row.</summary>
public enum ModelTask
{
    /// <summary>One of several classes.</summary>
    Classification,

    /// <summary>A number.</summary>
    Regression,
}
