using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Optimization;

namespace NnCluster.Training;

/// <summary>All that decides the bits of a run, and nothing else: no worker, no machine, no directory.</summary>
/// <remarks>Two specifications are equal if all properties are; see <see cref="IsSameRunAs"/> for the identity of a run.</remarks>
public sealed record RunSpec
{
    /// <summary>Display name of the data set.</summary>
    public required string Dataset { get; init; }

    /// <summary>SHA-256 of the content of the data set, in lower-case hexadecimal.</summary>
    public required string DatasetSha256 { get; init; }

    /// <summary>How validation, test and limited training rows were drawn; null: the data set was given with its parts.</summary>
    public SplitOptions? Splits { get; init; }

    /// <summary>The model and its loss.</summary>
    public required ModelSpec Model { get; init; }

    /// <summary>The optimizer, its schedule and the regularisation.</summary>
    public required OptimizerSpec Optimizer { get; init; }

    /// <summary>Number of passes over the training rows.</summary>
    public required int Epochs { get; init; }

    /// <summary>Rows of a minibatch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Shards of a minibatch, a power of two.</summary>
    public required int Shards { get; init; }

    /// <summary>Seed of the permutations, the dropout masks, the input noise and the initial parameters.</summary>
    public ulong Seed { get; init; }

    /// <summary>Whether each epoch permutes the rows anew.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>Choice of the result among the evaluated states, and early stopping; null: all steps are taken, and the last state is the result.</summary>
    public ModelSelection? Selection { get; init; }

    /// <summary>Name of the arithmetic of the BLAS backend: equal names, equal bits.</summary>
    public required string Arithmetic { get; init; }

    /// <summary>
    /// Whether two specifications are those of the same run: all properties are equal but the display name of the data
    /// set, whose content decides. <see cref="RunSpecDifference.Between"/> names the properties that differ.
    /// </summary>
    public bool IsSameRunAs(RunSpec other) => this with { Dataset = other.Dataset } == other;

    /// <summary>The rows of each step.</summary>
    public BatchPlan PlanFor(Dataset data) => new(Seed, data.Train.Rows, BatchSize, Epochs, Shuffle);

    /// <summary>Reduction tree of a minibatch.</summary>
    public ReductionTree MinibatchTree => new(Shards, BatchSize);

    /// <summary>Reduction tree of an evaluation, with the default number of shards for that many rows.</summary>
    public static ReductionTree EvaluationTree(int rows) => new(ReductionTree.DefaultShards(rows), rows);

    /// <summary>Reduction trees of all rounds on a data set.</summary>
    public RoundTrees TreesFor(Dataset data) => new(
        MinibatchTree,
        EvaluationTree(data.Test.Rows),
        data.Validation.Rows > 0 ? EvaluationTree(data.Validation.Rows) : null);

    /// <summary>The settings of the state machine for this run on this data.</summary>
    internal RunSettings SettingsFor(Dataset data)
    {
        BatchPlan plan = PlanFor(data);
        return new()
        {
            TotalSteps = plan.TotalSteps,
            EpochEnds = [.. Enumerable.Range(1, Epochs).Select(plan.StepsThrough)],
            Trees = TreesFor(data),
            Selection = Selection,
            EvaluateEvery = Selection?.EvaluateEvery ?? 1,
        };
    }
}
