using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Position of a run when a checkpoint was written: the metadata beside its tensors.</summary>
/// <param name="RunId">Identity of the run in all of its terms: <see cref="Checkpoint.NewRunId"/> of its first.</param>
/// <param name="Step">Optimizer steps taken.</param>
/// <param name="Term">Term of the coordinator that wrote it, from 1.</param>
/// <param name="RunSpec">The specification of the run as JSON: all that decides its bits.</param>
/// <param name="ModelSpec">The specification of the model as JSON.</param>
internal sealed record CheckpointPosition(string RunId, long Step, long Term, string RunSpec, string ModelSpec)
{
    /// <summary>The preparation of a table's rows as JSON; null: none.</summary>
    public string? Preparation { get; init; }

    /// <summary>Best evaluation so far; null where the run selects no state.</summary>
    public SelectionState? Selection { get; init; }

    /// <summary>Further facts about the data, which are written and not read back; null: none.</summary>
    public ModelOrigin? Origin { get; init; }
}

/// <summary>
/// <c>checkpoint-&lt;step&gt;.safetensors</c>: the tensors of the model state by name, those of the optimizer state as
/// <c>&lt;moment&gt;.&lt;tensor&gt;</c>, those of the best model state, if one is kept, as <c>best.&lt;tensor&gt;</c>, the position in the
/// metadata, and a digest over all of it. docs/files.md describes it.
/// </summary>
internal static class Checkpoint
{
    /// <summary>Value of <c>format</c> in the metadata.</summary>
    internal const string Format = "nncluster-checkpoint";

    private const string RunIdKey = "runId";
    private const string SelectionKey = "selection";
    private const string BestPrefix = "best.";
    private const string TermKey = "term";
    private const int RunIdBytes = 16;

    /// <summary>The metadata entries that a model file does not have.</summary>
    internal static readonly ImmutableArray<string> PositionKeys = [RunIdKey, TermKey, SelectionKey];

    // Bounds the term of a damaged header: the next term is one more.
    private const long MaxTerm = 1L << 53;

    /// <summary>Creates the identity of a new run: 128 random bits in lower-case hexadecimal. No weight depends on it.</summary>
    public static string NewRunId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RunIdBytes));

    /// <summary>Writes a checkpoint, atomically: a reader finds the whole file or the old one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="position">Position of the run.</param>
    /// <param name="layout">Layout of the model state.</param>
    /// <param name="parameters">The model state: parameters and running statistics.</param>
    /// <param name="states">The optimizer state: each moment by name.</param>
    /// <param name="best">The best model state; null: none is kept.</param>
    public static void Write(
        string path,
        CheckpointPosition position,
        ParameterLayout layout,
        AlignedBuffer parameters,
        IReadOnlyList<(string Name, AlignedBuffer Values)> states,
        AlignedBuffer? best = null)
    {
        IEnumerable<TensorToWrite> tensors = layout.Tensors.Select(view => Tensor(view.Name, view, parameters));
        IEnumerable<TensorToWrite> moments = states.SelectMany(state =>
            Moments(layout, state.Name).Select(view => Tensor(view.Name, view, state.Values)));
        IEnumerable<TensorToWrite> kept = best is null ? [] : Best(layout).Select(view => Tensor(view.Name, view, best));
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            [FormatVersion.FormatKey] = Format,
            [FormatVersion.VersionKey] = FormatVersion.TensorsText,
            [RunIdKey] = position.RunId,
            [TrainedFile.StepKey] = position.Step.ToString(CultureInfo.InvariantCulture),
            [TermKey] = position.Term.ToString(CultureInfo.InvariantCulture),
            [TrainedFile.RunSpecKey] = position.RunSpec,
            [ModelFile.ModelSpecKey] = position.ModelSpec,
        };
        if (position.Preparation is { } preparation)
        {
            metadata[ModelFile.PreparationKey] = preparation;
        }

        if (position.Selection is { } selection)
        {
            metadata[SelectionKey] = selection.ToJson();
        }

        position.Origin?.AddTo(metadata);
        AtomicFile.Write(path, stream => SafeTensors.Write(stream, [.. tensors, .. moments, .. kept], metadata));
    }

    /// <summary>Reads a checkpoint and checks it against its digest.</summary>
    /// <exception cref="BadInputException">The file is torn, changed, not a checkpoint, or from a newer program.</exception>
    public static (SafeTensorsFile File, CheckpointPosition Position) Read(string path)
    {
        SafeTensorsFile file = SafeTensorsFile.Read(path, requireDigest: true);
        return (file, PositionOf(file));
    }

    /// <summary>The position in the metadata of a checkpoint.</summary>
    /// <exception cref="BadInputException">The file is not a checkpoint, or from a newer program.</exception>
    public static CheckpointPosition PositionOf(SafeTensorsFile file) => PositionIn(file.Metadata, file.Path);

    /// <summary>Reads the position in the header of a checkpoint that may be damaged, without a check against the digest.</summary>
    /// <exception cref="BadInputException">The header cannot be read, is not that of a checkpoint, or is from a newer program.</exception>
    public static CheckpointPosition ReadHeader(string path) => PositionIn(SafeTensorsFile.ReadMetadata(path), path);

    private static CheckpointPosition PositionIn(IReadOnlyDictionary<string, string> metadata, string path)
    {
        string Entry(string key) => metadata.GetValueOrDefault(key)
            ?? throw new BadInputException($"{path}: is not a checkpoint of a run: its metadata has no '{key}'");
        long Number(string key) => long.TryParse(Entry(key), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new BadInputException($"{path}: '{key}' in its metadata is '{Entry(key)}', not a number");
        if (Entry(FormatVersion.FormatKey) is var format && format != Format)
        {
            throw new BadInputException($"{path}: is not a checkpoint: its format is '{format}', not '{Format}'");
        }

        FormatVersion.RequireTensors(path, metadata);

        long term = Number(TermKey) is var given && given <= MaxTerm
            ? given
            : throw new BadInputException($"{path}: its term is {given}, above the limit of {MaxTerm}");
        string runSpec = Entry(TrainedFile.RunSpecKey);
        return new(
            metadata.GetValueOrDefault(RunIdKey) ?? RunIdFrom(runSpec), Number(TrainedFile.StepKey), term, runSpec, Entry(ModelFile.ModelSpecKey))
        {
            Preparation = metadata.GetValueOrDefault(ModelFile.PreparationKey),
            Selection = metadata.TryGetValue(SelectionKey, out string? selection) ? SelectionJson.Parse(selection, path) : null,
        };
    }

    // For checkpoints older than run ids, the id is a hash of the specification. Later terms keep it.
    private static string RunIdFrom(string runSpec) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(runSpec)).AsSpan(0, RunIdBytes));

    /// <summary>Checks that a checkpoint has every tensor of a run.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="layout">Layout of the model state.</param>
    /// <param name="states">Names of the moments of the optimizer.</param>
    /// <exception cref="BadInputException">A tensor is missing or of another shape.</exception>
    public static void RequireTensors(SafeTensorsFile file, ParameterLayout layout, IEnumerable<string> states) =>
        ModelFile.RequireTensors(file, [.. layout.Tensors, .. states.SelectMany(state => Moments(layout, state))]);

    /// <summary>Copies the model state of a checkpoint.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="layout">Layout of the model state.</param>
    /// <param name="state">Receives parameters and running statistics.</param>
    /// <exception cref="BadInputException">A tensor is missing or of another shape.</exception>
    public static void ReadModelState(SafeTensorsFile file, ParameterLayout layout, Span<float> state) =>
        ModelFile.CopyTo(file, layout.Tensors, state);

    /// <summary>Copies the optimizer state of a checkpoint.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="layout">Layout of the model state.</param>
    /// <param name="states">Buffers of the optimizer by name; they receive its moments.</param>
    /// <exception cref="BadInputException">A tensor is missing or of another shape.</exception>
    public static void ReadOptimizerState(
        SafeTensorsFile file, ParameterLayout layout, IEnumerable<(string Name, AlignedBuffer Values)> states)
    {
        foreach ((string name, AlignedBuffer values) in states)
        {
            ModelFile.CopyTo(file, [.. Moments(layout, name)], values.Span);
        }
    }

    /// <summary>Copies the best model state of a checkpoint, if it has one.</summary>
    /// <param name="file">The checkpoint.</param>
    /// <param name="layout">Layout of the model state.</param>
    /// <param name="state">Receives parameters and running statistics.</param>
    /// <returns>False if the checkpoint has none.</returns>
    /// <exception cref="BadInputException">A tensor is missing or of another shape.</exception>
    public static bool TryReadBest(SafeTensorsFile file, ParameterLayout layout, Span<float> state)
    {
        if (!file.Tensors.Any(tensor => tensor.Name.StartsWith(BestPrefix, StringComparison.Ordinal)))
        {
            return false;
        }

        ModelFile.CopyTo(file, [.. Best(layout)], state);
        return true;
    }

    private static IEnumerable<ParameterView> Best(ParameterLayout layout) =>
        layout.Tensors.Select(view => view with { Name = BestPrefix + view.Name });

    private static IEnumerable<ParameterView> Moments(ParameterLayout layout, string state) =>
        layout.LearnedTensors.Select(view => view with { Name = $"{state}.{view.Name}" });

    private static TensorToWrite Tensor(string name, ParameterView view, AlignedBuffer buffer) =>
        new(name, view.Shape, () => view.Of(buffer.Span));
}
