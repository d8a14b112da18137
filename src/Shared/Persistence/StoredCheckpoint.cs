using System.Collections.Immutable;

namespace NnCluster.Persistence;

/// <summary>A file with the name of a checkpoint, and the content of its header.</summary>
/// <param name="Path">The file.</param>
/// <param name="Step">The step in its name.</param>
/// <param name="Header">Its header, which is certain only if the digest matches; null if it cannot be read.</param>
internal sealed record StoredCheckpoint(string Path, long Step, CheckpointPosition? Header)
{
    /// <summary>All checkpoints of a directory, the oldest first.</summary>
    public static ImmutableArray<StoredCheckpoint> In(string directory) =>
        [.. new RunPaths(directory).Checkpoints().Select(file => new StoredCheckpoint(file.Path, file.Step, HeaderOf(file.Path)))];

    private static CheckpointPosition? HeaderOf(string path)
    {
        try
        {
            return Checkpoint.ReadHeader(path);
        }
        catch (BadInputException)
        {
            // The search reads the whole file and reports the reason.
            return null;
        }
    }
}
