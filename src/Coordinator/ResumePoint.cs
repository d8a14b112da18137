using System.Collections.Immutable;
using NnCluster.Control;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>A checkpoint that a run cannot go on from.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">What is wrong with it, a line.</param>
internal sealed record RejectedCheckpoint(string Path, string Reason)
{
    /// <summary>What it is called once the run has gone on from an older one.</summary>
    public string AsidePath => Path + ".rejected";
}

/// <summary>The newest good checkpoint of a run that stopped.</summary>
/// <param name="Directory">The run directory.</param>
/// <param name="File">The checkpoint.</param>
/// <param name="Position">Where it stands.</param>
/// <param name="Stored">All checkpoints that were there, the oldest first.</param>
/// <param name="Rejected">The newer ones, the newest first.</param>
internal sealed record ResumePoint(
    string Directory,
    SafeTensorsFile File,
    CheckpointPosition Position,
    ImmutableArray<StoredCheckpoint> Stored,
    ImmutableArray<RejectedCheckpoint> Rejected)
{
    /// <summary>The run's checkpoints up to this one, the oldest first.</summary>
    public required ImmutableArray<string> Checkpoints { get; init; }

    /// <summary>
    /// The term of the next life: above that of every life that left a checkpoint whose header can be read, of those too
    /// that cannot be used.
    /// </summary>
    public long NextTerm => 1 + Stored.Max(checkpoint => checkpoint.Header?.Term ?? 0);

    /// <summary>Finds the checkpoint to go on from.</summary>
    /// <param name="directory">The run directory.</param>
    /// <param name="request">The run it must belong to; null: any.</param>
    /// <exception cref="BadInputException">There is no run, or no checkpoint that can be used.</exception>
    public static ResumePoint Find(string directory, TrainRequest? request = null)
    {
        RequireCheckpoint(directory);
        return new CheckpointSearch(directory, StoredCheckpoint.In(directory), request).Find();
    }

    /// <summary>
    /// Renames what was rejected, so that no later life goes on from it past the metrics of this one. Only under the
    /// directory's lock.
    /// </summary>
    /// <exception cref="RunDirectoryException">Another process went on with the run since the search, or a file cannot be renamed.</exception>
    public void SetRejectedAside()
    {
        if (!StoredCheckpoint.In(Directory).SequenceEqual(Stored))
        {
            throw new RunDirectoryException(Directory, new IOException("its checkpoints changed meanwhile: another process went on with this run, or a file can be read again; resume it once more"));
        }

        foreach (RejectedCheckpoint checkpoint in Rejected)
        {
            RunDirectoryException.Guard(checkpoint.Path, () => AtomicFile.Rename(checkpoint.Path, checkpoint.AsidePath));
        }
    }

    /// <summary>Says what is wrong when there is nothing to go on from, without a look into any file.</summary>
    /// <exception cref="BadInputException">There is no directory, or no checkpoint in it.</exception>
    public static void RequireCheckpoint(string directory)
    {
        RequireDirectory(directory);
        if (!StoredCheckpoint.AnyIn(directory))
        {
            throw new BadInputException($"--resume {directory}: there is no {StoredCheckpoint.NamePattern} in it.");
        }
    }

    /// <summary>Says what is wrong when there is no such directory.</summary>
    /// <exception cref="BadInputException">There is none.</exception>
    public static void RequireDirectory(string directory)
    {
        if (!System.IO.Directory.Exists(directory))
        {
            throw new BadInputException($"--resume {directory}: there is no such directory; give a run directory, such as one below runs.");
        }
    }
}
