using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Where a run stood when a checkpoint was written, beside its tensors.</summary>
/// <param name="RunId">The run, whatever its life: what <see cref="Checkpoint.NewRunId"/> gave it when it was created.</param>
/// <param name="Step">Optimizer steps taken.</param>
/// <param name="Term">The life of the coordinator that wrote it, from 1.</param>
/// <param name="RunSpec">The run's specification as JSON: what decides its bits.</param>
/// <param name="ModelSpec">The network's specification as JSON.</param>
public sealed record CheckpointPosition(string RunId, long Step, long Term, string RunSpec, string ModelSpec);

/// <summary>
/// <c>checkpoint-&lt;step&gt;.safetensors</c>: parameters and running statistics by name, each state of the optimizer as
/// <c>&lt;state&gt;.&lt;tensor&gt;</c>, the position in the metadata, and a digest over everything.
/// </summary>
public static class Checkpoint
{
    private const string Format = "nncluster-checkpoint";
    private const string RunIdKey = "runId";
    private const int RunIdBytes = 16;

    // A damaged header may say anything, and the next life's term is one more.
    private const long MaxTerm = 1L << 53;

    /// <summary>An identity for a new run: 128 random bits in lower-case hexadecimal. No bit of the weights depends on it.</summary>
    public static string NewRunId() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RunIdBytes));

    /// <summary>Writes a checkpoint, atomically: a reader finds the whole file or the old one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="position">Where the run stands.</param>
    /// <param name="layout">Where each tensor lies.</param>
    /// <param name="parameters">Parameters and running statistics.</param>
    /// <param name="states">The optimizer's memory by name.</param>
    public static void Write(
        string path,
        CheckpointPosition position,
        ParameterLayout layout,
        AlignedBuffer parameters,
        IReadOnlyList<(string Name, AlignedBuffer Values)> states)
    {
        IEnumerable<TensorToWrite> tensors = layout.Tensors.Select(view => Tensor(view.Name, view, parameters));
        IEnumerable<TensorToWrite> moments = states.SelectMany(state =>
            Moments(layout, state.Name).Select(view => Tensor(view.Name, view, state.Values)));
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["format"] = Format,
            ["formatVersion"] = "1",
            [RunIdKey] = position.RunId,
            ["step"] = position.Step.ToString(CultureInfo.InvariantCulture),
            ["term"] = position.Term.ToString(CultureInfo.InvariantCulture),
            ["runSpec"] = position.RunSpec,
            [ModelFile.ModelSpecKey] = position.ModelSpec,
        };
        AtomicFile.Write(path, stream => SafeTensors.Write(stream, [.. tensors, .. moments], metadata));
    }

    /// <summary>Reads where the run stood; the tensors are checked against the digest.</summary>
    /// <exception cref="BadInputException">The file is torn, changed, or no checkpoint.</exception>
    public static (SafeTensorsFile File, CheckpointPosition Position) Read(string path)
    {
        SafeTensorsFile file = SafeTensorsFile.Read(path, requireDigest: true);
        return (file, PositionIn(file.Metadata, path));
    }

    /// <summary>Reads what a checkpoint's header says, of one that may be damaged; nothing is checked against the digest.</summary>
    /// <exception cref="BadInputException">The header cannot be read, or is none of a checkpoint.</exception>
    public static CheckpointPosition ReadHeader(string path) => PositionIn(SafeTensorsFile.ReadMetadata(path), path);

    private static CheckpointPosition PositionIn(IReadOnlyDictionary<string, string> metadata, string path)
    {
        string Entry(string key) => metadata.GetValueOrDefault(key)
            ?? throw new BadInputException($"{path}: is no checkpoint of a run: its metadata has no '{key}'");
        long Number(string key) => long.TryParse(Entry(key), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw new BadInputException($"{path}: '{key}' in its metadata is '{Entry(key)}', not a number");
        if (Entry("format") != Format)
        {
            throw new BadInputException($"{path}: is no checkpoint: its format is '{Entry("format")}', not '{Format}'");
        }

        long term = Number("term") is var given && given <= MaxTerm ? given : throw new BadInputException($"{path}: its term is {given}, which no run comes to");
        string runSpec = Entry("runSpec");
        return new(metadata.GetValueOrDefault(RunIdKey) ?? RunIdFrom(runSpec), Number("step"), term, runSpec, Entry(ModelFile.ModelSpecKey));
    }

    // Checkpoints from before runs had an identity: the same for all of a run, and kept by the lives that go on with it.
    private static string RunIdFrom(string runSpec) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(runSpec)).AsSpan(0, RunIdBytes));

    /// <summary>Checks that a checkpoint has every tensor of a run.</summary>
    /// <exception cref="BadInputException">A tensor is missing or of another shape.</exception>
    public static void RequireTensors(SafeTensorsFile file, ParameterLayout layout, IEnumerable<string> states) =>
        ModelFile.RequireTensors(file, [.. layout.Tensors, .. states.SelectMany(state => Moments(layout, state))]);

    /// <summary>Copies a checkpoint's tensors into a run's buffers.</summary>
    /// <exception cref="BadInputException">A tensor is missing or of another shape.</exception>
    public static void CopyTo(
        SafeTensorsFile file,
        ParameterLayout layout,
        Span<float> parameters,
        IEnumerable<(string Name, AlignedBuffer Values)> states)
    {
        ModelFile.CopyTo(file, layout.Tensors, parameters);
        foreach ((string name, AlignedBuffer values) in states)
        {
            ModelFile.CopyTo(file, [.. Moments(layout, name)], values.Span);
        }
    }

    private static IEnumerable<ParameterView> Moments(ParameterLayout layout, string state) =>
        Learned(layout).Select(view => view with { Name = $"{state}.{view.Name}" });

    private static IEnumerable<ParameterView> Learned(ParameterLayout layout) =>
        layout.Tensors.Where(view => view.Offset < layout.LearnedLength);

    private static TensorToWrite Tensor(string name, ParameterView view, AlignedBuffer buffer) =>
        new(name, view.Shape, () => view.Of(buffer.Span));
}
