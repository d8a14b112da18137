using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>A training run as the options ask for it, all of it resolved against the data set.</summary>
internal sealed record TrainRequest
{
    /// <summary>What decides the bits.</summary>
    public required RunSpec Spec { get; init; }

    /// <summary>The data, held-out rows held out.</summary>
    public required Dataset Data { get; init; }

    /// <summary>The backend.</summary>
    public required IBlas Blas { get; init; }

    /// <summary>Workers in this process.</summary>
    public required int Workers { get; init; }

    /// <summary>How workers of other processes join; null: they cannot.</summary>
    public ClusterRequest? Cluster { get; init; }

    /// <summary>What the state machine is told besides the specification.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>A file with the initial parameters; null: they are drawn.</summary>
    public string? InitFrom { get; init; }

    /// <summary>Whether the run leaves a directory with its metrics, checkpoints and model.</summary>
    public bool LeavesFiles { get; init; } = true;

    /// <summary>The run directory asked for; null: a new one below <c>runs</c>.</summary>
    public string? Out { get; init; }

    /// <summary>The resolved options as <c>config.json</c> holds them.</summary>
    public required string Config { get; init; }
}
