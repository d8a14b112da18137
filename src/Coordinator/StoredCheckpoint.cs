using System.Collections.Immutable;
using System.Globalization;
using NnCluster.Control;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>A file with a checkpoint's name, and what its header says of it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Step">The step in its name.</param>
/// <param name="Header">What its header says, true only if the digest agrees; null if it cannot be read.</param>
internal sealed record StoredCheckpoint(string Path, long Step, CheckpointPosition? Header)
{
    private const string Prefix = "checkpoint-";
    private const string Suffix = ".safetensors";

    /// <summary>What checkpoints are called, for people.</summary>
    public const string NamePattern = Prefix + "<step>" + Suffix;

    /// <summary>All of a directory, the oldest first.</summary>
    public static ImmutableArray<StoredCheckpoint> In(string directory) =>
        [.. FilesIn(directory).OrderBy(file => file.Step).Select(file => new StoredCheckpoint(file.Path, file.Step, HeaderOf(file.Path)))];

    /// <summary>Whether a directory has one.</summary>
    public static bool AnyIn(string directory) => FilesIn(directory).Any();

    private static IEnumerable<(string Path, long Step)> FilesIn(string directory) =>
        Directory.GetFiles(directory, Prefix + "*" + Suffix).Select(path => (path, StepOf(path))).Where(file => file.Item2 >= 0);

    private static CheckpointPosition? HeaderOf(string path)
    {
        try
        {
            return Checkpoint.ReadHeader(path);
        }
        catch (BadInputException)
        {
            // Whoever wants to use it reads all of it and is told why that cannot be done.
            return null;
        }
    }

    private static long StepOf(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        return long.TryParse(name[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;
    }
}
