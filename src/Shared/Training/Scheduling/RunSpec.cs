using System.Collections.Immutable;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;

namespace NnCluster.Training;

/// <summary>What decides the bits of a run, and nothing else: no worker, no machine, no directory.</summary>
public sealed record RunSpec
{
    /// <summary>The data set's name, for people.</summary>
    public required string Dataset { get; init; }

    /// <summary>The data set's content.</summary>
    public required string DatasetSha256 { get; init; }

    /// <summary>Training rows used at all, from the first on; null: every one.</summary>
    public int? Limit { get; init; }

    /// <summary>Training rows held out from the beginning of the set.</summary>
    public int Validation { get; init; }

    /// <summary>The network and its loss.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>The optimizer, its schedule and the regularisation.</summary>
    public required OptimizerSpec Optimizer { get; init; }

    /// <summary>Passes over the training rows.</summary>
    public required int Epochs { get; init; }

    /// <summary>Rows of a minibatch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Shards of a minibatch.</summary>
    public required int Shards { get; init; }

    /// <summary>Decides the permutations, the dropout masks, the noise on the inputs and the initial weights.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether each epoch visits the rows in an order of its own.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>The arithmetic of the backend: equal strings, equal bits.</summary>
    public required string Arithmetic { get; init; }

    /// <summary>Which rows each step uses.</summary>
    public BatchPlan PlanFor(Dataset data) => new(Seed, data.Train.Rows, BatchSize, Epochs, Shuffle);

    /// <summary>How a minibatch is cut.</summary>
    public ReductionTree MinibatchTree => new(Shards, BatchSize);

    /// <summary>How the rows of an evaluation are cut: into as many shards as is usual for that many rows.</summary>
    public static ReductionTree EvaluationTree(int rows) => new(ReductionTree.DefaultShards(rows), rows);

    /// <summary>The settings of the state machine for this run on this data.</summary>
    public RunSettings SettingsFor(Dataset data)
    {
        BatchPlan plan = PlanFor(data);
        return new()
        {
            TotalSteps = plan.TotalSteps,
            EpochEnds = [.. Enumerable.Range(1, Epochs).Select(plan.StepsThrough).Distinct()],
            Minibatch = MinibatchTree,
            Test = EvaluationTree(data.Test.Rows),
            Validation = data.Validation.Rows > 0 ? EvaluationTree(data.Validation.Rows) : null,
        };
    }
}
