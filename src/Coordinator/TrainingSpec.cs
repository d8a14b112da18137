using System.Collections.Immutable;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Training;

namespace NnCluster;

/// <summary>
/// Specification of a training run. With the data set and the arithmetic of the backend, it decides the bits of the result: they
/// are the same on any number of workers and nodes.
/// </summary>
public sealed record TrainingSpec
{
    /// <summary>
    /// Hidden layers, from the inputs on; without any, the model is softmax regression or linear regression. Ignored if
    /// <see cref="Model"/> is set.
    /// </summary>
    public IReadOnlyList<HiddenLayer> Hidden { get; init; } = [];

    /// <summary>Fraction of the inputs that dropout drops, from 0 to below 1. Ignored if <see cref="Model"/> is set.</summary>
    public float InputDropout { get; init; }

    /// <summary>Standard deviation of the noise on the inputs in training. Ignored if <see cref="Model"/> is set.</summary>
    public float InputNoise { get; init; }

    /// <summary>Distribution of the initial weights. Ignored if <see cref="Model"/> is set.</summary>
    public Initializer Initializer { get; init; } = new(InitializerKind.He);

    /// <summary>The whole network; null: <see cref="Hidden"/> with the inputs, outputs and loss of the data set.</summary>
    public ModelSpec? Model { get; init; }

    /// <summary>
    /// Weights of the classes in the loss, from the training rows. With <see cref="Model"/>, <see cref="ClassWeighting.None"/> leaves the
    /// weights of the model as they are.
    /// </summary>
    public ClassWeighting ClassWeighting { get; init; }

    /// <summary>Optimizer, learning-rate schedule and regularisation.</summary>
    public OptimizerSpec Optimizer { get; init; } = new();

    /// <summary>Passes over the training rows, at least 1.</summary>
    public int Epochs { get; init; } = 10;

    /// <summary>Rows of a minibatch; null: 128, or all training rows if there are fewer.</summary>
    public int? BatchSize { get; init; }

    /// <summary>Shards of a minibatch, a power of two and at most the batch size; null: the largest up to 16 with at least 64 rows a shard, or 1.</summary>
    public int? Shards { get; init; }

    /// <summary>Seed of permutations, dropout masks, input noise and initial weights.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Whether each epoch visits the rows in an order of its own.</summary>
    public bool Shuffle { get; init; } = true;

    /// <summary>
    /// Whether the result is the model state with the least loss on the validation rows (true) or the last one (false); null: the best
    /// where the data set has validation rows.
    /// </summary>
    public bool? KeepBest { get; init; }

    /// <summary>
    /// Evaluations without improvement of the loss on the validation rows after which training stops, at least 1; null: it takes all epochs.
    /// </summary>
    public int? Patience { get; init; }

    /// <summary>The specification of the run on a data set.</summary>
    /// <param name="data">The data set.</param>
    /// <param name="arithmetic">Arithmetic of the backend.</param>
    /// <param name="evaluateEvery">Epochs between evaluations.</param>
    /// <exception cref="BadInputException">A value is out of range, or does not fit the data; the error names the property.</exception>
    internal RunSpec For(Dataset data, string arithmetic, int evaluateEvery = 1)
    {
        int rows = data.Train.Rows;
        int batch = BatchSize ?? Math.Min(128, rows);
        if (batch < 1 || batch > rows)
        {
            throw new BadInputException(
                new PropertyName(nameof(RunSpec), nameof(RunSpec.BatchSize)),
                $"BatchSize {batch}: expected 1 to {rows}, the number of training rows");
        }

        if (Epochs < 1)
        {
            throw new BadInputException(new PropertyName(nameof(RunSpec), nameof(RunSpec.Epochs)), $"Epochs {Epochs}: expected at least 1");
        }

        ModelSpec model = Model ?? new ModelSpec
        {
            Inputs = data.Features,
            Outputs = data.Outputs,
            Hidden = [.. Hidden],
            InputDropout = InputDropout,
            InputNoise = InputNoise,
            Initializer = Initializer,
            Loss = data.Classes > 0 ? LossKind.CrossEntropy : LossKind.MeanSquaredError,
        };
        if (model.Inputs != data.Features || model.Outputs != data.Outputs)
        {
            throw new BadInputException(
                $"Model: it has {model.Inputs} inputs and {model.Outputs} outputs, "
                + $"and {data.Name} has {data.Features} features and {data.Outputs} outputs");
        }

        if (ClassWeighting == ClassWeighting.Balanced)
        {
            model = model with { ClassWeights = BalancedWeights(data) };
        }

        model.Validate();
        var spec = new RunSpec
        {
            Dataset = data.Name,
            DatasetSha256 = data.Sha256,
            Splits = data.Splits,
            Model = model,
            Optimizer = Optimizer.Resolve(),
            Epochs = Epochs,
            BatchSize = batch,
            Shards = Shards ?? ReductionTree.DefaultShards(batch),
            Seed = Seed,
            Shuffle = Shuffle,
            Selection = ModelSelection.For(KeepBest, Patience, evaluateEvery, data.Validation.Rows > 0),
            Arithmetic = arithmetic,
        };
        model.ValidateShardRows(spec.MinibatchTree.MinShardRows);
        return spec;
    }

    private static ImmutableArray<float> BalancedWeights(Dataset data) => data.Classes > 0
        ? ClassWeights.Balanced(data.Train.Labels, data.Classes)
        : throw new BadInputException($"{nameof(ClassWeighting)} {ClassWeighting.Balanced}: {data.Name} has no classes");
}
