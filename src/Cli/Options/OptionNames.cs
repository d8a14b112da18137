using System.Collections.Frozen;
using NnCluster.Control;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Security;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Options;

/// <summary>Options of the command line by the properties that they set: errors of the libraries name properties.</summary>
internal static class OptionNames
{
    /// <summary>Name of the option of every property that an error can name.</summary>
    public static FrozenDictionary<PropertyName, string> All { get; } = new Dictionary<PropertyName, string>
    {
        [new(nameof(RunSpec), nameof(RunSpec.Dataset))] = "--dataset",
        [new(nameof(RunSpec), nameof(RunSpec.Splits))] = "--split-seed",
        [new(nameof(SplitOptions), nameof(SplitOptions.Limit))] = "--limit",
        [new(nameof(SplitOptions), nameof(SplitOptions.Test))] = "--test",
        [new(nameof(SplitOptions), nameof(SplitOptions.Validation))] = "--validation",
        [new(nameof(SplitOptions), nameof(SplitOptions.Seed))] = "--split-seed",
        [new(nameof(SplitOptions), nameof(SplitOptions.Stratify))] = "--no-stratify",
        [new(nameof(TableOptions), nameof(TableOptions.Header))] = "--header",
        [new(nameof(TableOptions), nameof(TableOptions.Target))] = "--target",
        [new(nameof(TableOptions), nameof(TableOptions.Task))] = "--task",
        [new(nameof(TableOptions), nameof(TableOptions.Ignore))] = "--ignore",
        [new(nameof(TableOptions), nameof(TableOptions.Text))] = "--text",
        [new(nameof(TableOptions), nameof(TableOptions.Group))] = "--group",
        [new(nameof(TableOptions), nameof(TableOptions.TestFile))] = "--test",
        [new(nameof(TableOptions), nameof(TableOptions.ValidationFile))] = "--validation",
        [new(nameof(PreparationOptions), nameof(PreparationOptions.Scaling))] = "--scale",
        [new(nameof(PreparationOptions), nameof(PreparationOptions.Missing))] = "--missing",
        [new(nameof(PreparationOptions), nameof(PreparationOptions.Categories))] = "--categories",
        [new(nameof(ImageOptions), nameof(ImageOptions.Size))] = "--image-size",
        [new(nameof(RunSpec), nameof(RunSpec.Model))] = "--model",
        [new(nameof(RunSpec), nameof(RunSpec.Optimizer))] = "--optimizer",
        [new(nameof(RunSpec), nameof(RunSpec.Epochs))] = "--epochs",
        [new(nameof(RunSpec), nameof(RunSpec.BatchSize))] = "--batch-size",
        [new(nameof(RunSpec), nameof(RunSpec.Shards))] = "--shards",
        [new(nameof(ReductionTree), nameof(ReductionTree.Shards))] = "--shards",
        [new(nameof(RunSpec), nameof(RunSpec.Seed))] = "--seed",
        [new(nameof(RunSpec), nameof(RunSpec.Shuffle))] = "--no-shuffle",
        [new(nameof(RunSpec), nameof(RunSpec.Selection))] = "--keep",
        [new(nameof(ModelSelection), nameof(ModelSelection.KeepBest))] = "--keep",
        [new(nameof(ModelSelection), nameof(ModelSelection.Patience))] = "--patience",

        [new(nameof(ModelSpec), nameof(ModelSpec.Architecture))] = "--model",
        [new(nameof(ModelSpec), nameof(ModelSpec.Hidden))] = "--hidden",
        [new(nameof(ModelSpec), nameof(ModelSpec.InputDropout))] = "--input-dropout",
        [new(nameof(ModelSpec), nameof(ModelSpec.InputNoise))] = "--input-noise",
        [new(nameof(ModelSpec), nameof(ModelSpec.Initializer))] = "--init",
        [new(nameof(ModelSpec), nameof(ModelSpec.Loss))] = "--loss",
        [new(nameof(ModelSpec), nameof(ModelSpec.ClipProbability))] = "--clip-probability",
        [new(nameof(ModelSpec), nameof(ModelSpec.ClassWeights))] = "--class-weight",

        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.Kind))] = "--optimizer",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.LearningRate))] = "--learning-rate",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.Schedule))] = "--schedule",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.Beta1))] = "--beta1",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.Beta2))] = "--beta2",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.Epsilon))] = "--epsilon",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.Momentum))] = "--momentum",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.Rho))] = "--rho",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.WeightDecay))] = "--weight-decay",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.L1))] = "--l1",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.L2))] = "--l2",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.ClipNorm))] = "--clip-norm",
        [new(nameof(OptimizerSpec), nameof(OptimizerSpec.MaxNorm))] = "--max-norm",

        [Blas.BackendName] = "--blas",
        [new(nameof(DatasetStoreOptions), nameof(DatasetStoreOptions.DataDirectory))] = "--data-dir",

        [LinkSecurity.CertificateName] = "--tls-cert",
        [LinkSecurity.KeyName] = "--tls-key",
        [LinkSecurity.AuthorityName] = "--tls-ca",
        [LinkSecurity.CookieName] = "--cookie-file",
        [LinkSecurity.InsecureName] = "--insecure",
    }.ToFrozenDictionary();

    /// <summary>Options that decide whether a run fails of a cause; causes without an option are not in it.</summary>
    public static FrozenDictionary<RunFailureCause, string[]> OfFailures { get; } = new Dictionary<RunFailureCause, string[]>
    {
        [RunFailureCause.NotFinite] = ["--learning-rate", "--clip-norm"],
        [RunFailureCause.StartTimeout] = ["--min-workers", "--start-workers", "--start-timeout"],
        [RunFailureCause.FileNotWritten] = ["--out"],
    }.ToFrozenDictionary();

    /// <summary>Options that decide whether a node is refused for a cause; causes without an option are not in it.</summary>
    public static FrozenDictionary<RefusalCause, string[]> OfRefusals { get; } = new Dictionary<RefusalCause, string[]>
    {
        [RefusalCause.Cookie] = ["--cookie-file"],
        [RefusalCause.Arithmetic] = ["--blas"],
        [RefusalCause.WorkerCount] = ["--workers"],
    }.ToFrozenDictionary();

    /// <summary>The reason of the end of a node, with the options that decide it in parentheses.</summary>
    public static string ReasonOf(NodeEnd end)
    {
        string[] options = end switch
        {
            { Cause: NodeEndCause.CoordinatorDistrusted } => OfRefusals[RefusalCause.Cookie],
            { Cause: NodeEndCause.DatasetUnusable } => ["--cache"],
            { Refusal: { } cause } => OfRefusals.GetValueOrDefault(cause, []),
            _ => [],
        };
        return options.Length == 0 ? end.Reason : $"{end.Reason} ({string.Join(", ", options)})";
    }

    /// <summary>The reason of a failed run, with the options that decide it in parentheses.</summary>
    public static string ReasonOf(RunOutcome outcome) =>
        outcome.Cause is { } cause && OfFailures.TryGetValue(cause, out string[]? options)
            ? $"{outcome.Failure} ({string.Join(", ", options)})"
            : $"{outcome.Failure}";

    /// <summary>The option that sets a property; the property's own name if there is none.</summary>
    public static string Of(PropertyName property) => All.GetValueOrDefault(property, property.Name);

    /// <summary>The message of an error with options in place of properties.</summary>
    public static string MessageOf(BadInputException error) => error.MessageWith(Of);
}
