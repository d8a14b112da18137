using NnCluster.Data;

namespace NnCluster.Cli.Explore;

/// <summary>Options of an experiment.</summary>
internal sealed record ExperimentOptions
{
    /// <summary>Directory of the figures, the numbers and the run directories.</summary>
    public required string Directory { get; init; }

    /// <summary>Seed of the first run; each further one adds 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>True: smaller networks and fewer epochs, for an experiment of seconds.</summary>
    public bool Quick { get; init; }

    /// <summary>Number of workers in this process; null: one a core, or one in the plane.</summary>
    public int? Workers { get; init; }

    /// <summary>The data set of the experiments that train on images.</summary>
    public string Dataset { get; init; } = "mnist";

    /// <summary>Directory that is searched first for a known data set; null: none.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>Shape of the points of the experiments in the plane.</summary>
    public SyntheticShape Shape { get; init; } = SyntheticShape.Circles;

    /// <summary>Standard deviation of the points' noise; null: the default of the shape.</summary>
    public double? Noise { get; init; }
}
