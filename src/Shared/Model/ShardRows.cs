namespace NnCluster.Model;

/// <summary>The rows of one shard of a minibatch, and where in the run they stand.</summary>
public readonly ref struct ShardRows
{
    /// <summary>Number of rows.</summary>
    public required int Count { get; init; }

    /// <summary>(Count, inputs).</summary>
    public required ReadOnlySpan<float> Features { get; init; }

    /// <summary>The class of every row; empty for regression.</summary>
    public ReadOnlySpan<int> Labels { get; init; }

    /// <summary>(Count, outputs) for regression; empty for classification.</summary>
    public ReadOnlySpan<float> Targets { get; init; }

    /// <summary>The seed of the run.</summary>
    public ulong Seed { get; init; }

    /// <summary>The step the rows belong to.</summary>
    public long Step { get; init; }

    /// <summary>Index of the first row within the whole minibatch.</summary>
    public int FirstRow { get; init; }
}

/// <summary>What a layer may know of the pass under way. Noise and dropout depend on nothing else.</summary>
internal readonly record struct ShardPass(int Rows, bool Training, ulong Seed, long Step, int FirstRow);
