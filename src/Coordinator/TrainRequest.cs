using NnCluster.Data;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Parameters of a training run, resolved against its data set.</summary>
internal sealed record TrainRequest
{
    /// <summary>Specification that decides the bits.</summary>
    public required RunSpec Spec { get; init; }

    /// <summary>The data set, with the parts of the run.</summary>
    public required Dataset Data { get; init; }

    /// <summary>Backend with the arithmetic of the specification.</summary>
    public required IBlas Blas { get; init; }

    /// <summary>Number of workers in this process.</summary>
    public required int Workers { get; init; }

    /// <summary>Addresses and security of the cluster; null: only workers of this process compute.</summary>
    public ClusterRequest? Cluster { get; init; }

    /// <summary>Settings of the state machine.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>File with the initial parameters; null: they are drawn.</summary>
    public string? InitFrom { get; init; }

    /// <summary>True if the run writes a run directory with metrics, checkpoints and the model.</summary>
    public bool LeavesFiles { get; init; } = true;

    /// <summary>Path of the run directory; null: a new one below <c>runs</c>.</summary>
    public string? Out { get; init; }

    /// <summary>Resolved options in the form of <c>config.json</c>.</summary>
    public required string Config { get; init; }
}
