using System.Globalization;

namespace NnCluster.Persistence;

/// <summary>
/// Versions of the file formats of a run directory. A version is raised when a program of the version before would
/// misread the file; docs/files.md describes them.
/// </summary>
internal static class FormatVersion
{
    /// <summary>Version of <c>metrics.jsonl</c> and <c>events.jsonl</c>. In version 1 lines had no type and files no version.</summary>
    public const int Lines = 2;

    /// <summary>Version of checkpoints and of model files.</summary>
    public const int Tensors = 1;

    /// <summary>Metadata entry with the kind of a tensor file.</summary>
    public const string FormatKey = "format";

    /// <summary>Metadata entry with the version of a tensor file.</summary>
    public const string VersionKey = "formatVersion";

    /// <summary><see cref="Tensors"/> as metadata has it.</summary>
    public static string TensorsText { get; } = Tensors.ToString(CultureInfo.InvariantCulture);

    /// <summary>Checks the version of <c>metrics.jsonl</c> or <c>events.jsonl</c>.</summary>
    /// <param name="path">The file, for the message.</param>
    /// <param name="version">The version in it; null if it has none.</param>
    /// <exception cref="BadInputException">A program of another version wrote it.</exception>
    public static void RequireLines(string path, long? version)
    {
        if (version is not Lines)
        {
            throw new BadInputException(version is null
                ? $"{path}: has no formatVersion: a program from before format version {Lines} wrote it, and this program cannot read it"
                : $"{path}: has format version {version}; this program reads version {Lines}");
        }
    }

    /// <summary>Checks the version of a checkpoint or a model file. Files of other programs have none and pass.</summary>
    /// <param name="path">The file, for the message.</param>
    /// <param name="metadata">Its metadata.</param>
    /// <exception cref="BadInputException">A newer program wrote it.</exception>
    public static void RequireTensors(string path, IReadOnlyDictionary<string, string> metadata)
    {
        if (IsNewer(metadata))
        {
            throw new BadInputException(
                $"{path}: has format version {metadata[VersionKey]}; this program reads versions up to {Tensors}");
        }
    }

    /// <summary>Whether metadata is that of a checkpoint or a model file of a newer program.</summary>
    public static bool IsNewer(IReadOnlyDictionary<string, string> metadata) =>
        metadata.GetValueOrDefault(FormatKey) is Checkpoint.Format or ModelFile.Format
        && metadata.TryGetValue(VersionKey, out string? text)
        && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int version) && version <= Tensors);
}
