using NnCluster.Data;

namespace NnCluster.Cli.Explore;

/// <summary>What the user chose for an experiment.</summary>
internal sealed record ExperimentOptions
{
    /// <summary>Where figures, numbers and runs go.</summary>
    public required string Directory { get; init; }

    /// <summary>The seed of the first run; further ones count on from it.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Smaller networks and fewer epochs: seconds, for a first look.</summary>
    public bool Quick { get; init; }

    /// <summary>Workers in this process; null: one a core.</summary>
    public int? Workers { get; init; }

    /// <summary>The data set of the experiments that train on images.</summary>
    public string Dataset { get; init; } = "mnist";

    /// <summary>Where known data sets are looked for first.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The data of the experiments in the plane.</summary>
    public SyntheticShape Shape { get; init; } = SyntheticShape.Circles;

    /// <summary>The standard deviation of the points' noise; null: what suits the shape.</summary>
    public double? Noise { get; init; }
}
