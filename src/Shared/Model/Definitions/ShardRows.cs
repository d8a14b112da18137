namespace NnCluster.Model;

/// <summary>The rows of one shard of a minibatch, and their place in the run.</summary>
public readonly ref struct ShardRows
{
    /// <summary>Number of rows.</summary>
    public required int Count { get; init; }

    /// <summary>(Count, inputs), scaled as the data set scales them.</summary>
    public required ReadOnlySpan<float> Features { get; init; }

    /// <summary>The class of every row; empty for regression.</summary>
    public ReadOnlySpan<int> Labels { get; init; }

    /// <summary>(Count, outputs) for regression; empty for classification.</summary>
    public ReadOnlySpan<float> Targets { get; init; }

    /// <summary>Seed of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>Optimizer step that the rows belong to, from 0.</summary>
    public long Step { get; init; }

    /// <summary>Index of the first row within the minibatch.</summary>
    public int FirstRow { get; init; }
}

/// <summary>The pass of a shard through the layers. Noise and dropout depend on these values only.</summary>
/// <param name="Rows">Number of rows.</param>
/// <param name="Training">true in training, false in evaluation and prediction.</param>
/// <param name="Seed">Seed of the run.</param>
/// <param name="Step">Optimizer step, from 0.</param>
/// <param name="FirstRow">Index of the first row within the minibatch.</param>
public readonly record struct ShardPass(int Rows, bool Training, ulong Seed, long Step, int FirstRow);
