using System.Globalization;

namespace NnCluster.Persistence;

/// <summary>Paths of the files of a run directory. The only place that knows their names; docs/files.md describes the files.</summary>
/// <param name="Directory">The run directory, absolute or relative.</param>
internal sealed record RunPaths(string Directory)
{
    /// <summary>Name of the resolved options.</summary>
    public const string ConfigName = "config.json";

    /// <summary>Name of the file with a line for each step and each evaluation.</summary>
    public const string MetricsName = "metrics.jsonl";

    /// <summary>Name of the file with a line for each other event.</summary>
    public const string EventsName = "events.jsonl";

    /// <summary>Name of the result.</summary>
    public const string SummaryName = "summary.json";

    /// <summary>Name of the trained model.</summary>
    public const string ModelName = "model.safetensors";

    /// <summary>Name of the trained model as ONNX.</summary>
    public const string OnnxName = "model.onnx";

    /// <summary>Name of the learning curves.</summary>
    public const string CurvesName = "curves.png";

    /// <summary>Name of the file that the process that writes the directory keeps locked.</summary>
    public const string LockName = ".lock";

    /// <summary>Name of the directory of event files for TensorBoard.</summary>
    public const string TensorBoardName = "tensorboard";

    /// <summary>Form of the names of checkpoints, for messages.</summary>
    public const string CheckpointForm = CheckpointPrefix + "<step>" + CheckpointSuffix;

    private const string CheckpointPrefix = "checkpoint-";
    private const string CheckpointSuffix = ".safetensors";
    private const string RejectedSuffix = ".rejected";

    /// <summary>The resolved options: JSON that <c>train --config</c> reads.</summary>
    public string Config => In(ConfigName);

    /// <summary>A line for each step and each evaluation.</summary>
    public string Metrics => In(MetricsName);

    /// <summary>A line for each other event.</summary>
    public string Events => In(EventsName);

    /// <summary>The result.</summary>
    public string Summary => In(SummaryName);

    /// <summary>The trained model.</summary>
    public string Model => In(ModelName);

    /// <summary>The trained model as ONNX.</summary>
    public string Onnx => In(OnnxName);

    /// <summary>The learning curves.</summary>
    public string Curves => In(CurvesName);

    /// <summary>The file that the process that writes the directory keeps locked.</summary>
    public string Lock => In(LockName);

    /// <summary>The directory of event files for TensorBoard.</summary>
    public string TensorBoard => In(TensorBoardName);

    /// <summary>The run directory itself, or the directory of a file in it.</summary>
    /// <param name="runOrFile">A directory, or a file.</param>
    public static RunPaths Of(string runOrFile) => new(System.IO.Directory.Exists(runOrFile)
        ? runOrFile
        : Path.GetDirectoryName(Path.GetFullPath(runOrFile)) ?? string.Empty);

    /// <summary>The checkpoint after <paramref name="step"/> optimizer steps.</summary>
    public string Checkpoint(long step) => In(string.Create(CultureInfo.InvariantCulture, $"{CheckpointPrefix}{step}{CheckpointSuffix}"));

    /// <summary>
    /// The event file for TensorBoard of one term. TensorBoard takes files with <c>tfevents</c> in their names, and reads them in the
    /// order of the names.
    /// </summary>
    /// <param name="seconds">Time of its first event, in seconds since 1970, UTC.</param>
    /// <param name="term">Term of the coordinator.</param>
    public string TensorBoardEvents(long seconds, long term) =>
        Path.Combine(TensorBoard, string.Create(CultureInfo.InvariantCulture, $"events.out.tfevents.{seconds:D10}.nncluster.{term}"));

    /// <summary>The files with names of checkpoints, and the steps in the names, the lowest first; none without a directory.</summary>
    public IReadOnlyList<(string Path, long Step)> Checkpoints() => !System.IO.Directory.Exists(Directory)
        ? []
        : [.. System.IO.Directory.GetFiles(Directory, CheckpointPrefix + "*" + CheckpointSuffix)
            .Select(path => (path, Step: StepOf(path)))
            .Where(file => file.Step >= 0)
            .OrderBy(file => file.Step)];

    /// <summary>The name that a rejected checkpoint gets, once the run has resumed from an older one.</summary>
    /// <param name="checkpoint">Path of the checkpoint.</param>
    public static string Rejected(string checkpoint) => checkpoint + RejectedSuffix;

    private string In(string name) => Path.Combine(Directory, name);

    /// <summary>The step in the name of a file; -1 if the name is not that of a checkpoint.</summary>
    private static long StepOf(string path)
    {
        string name = Path.GetFileName(path);
        string number = name[CheckpointPrefix.Length..^CheckpointSuffix.Length];
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;
    }
}
