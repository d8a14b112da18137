using System.Collections.Immutable;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>A checkpoint that a run cannot resume from.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">The reason, one line.</param>
internal sealed record RejectedCheckpoint(string Path, string Reason)
{
    /// <summary>Its path once the run has resumed from an older one.</summary>
    public string AsidePath => RunPaths.Rejected(Path);
}

/// <summary>The newest checkpoint that a stopped run can resume from.</summary>
/// <param name="Directory">The run directory.</param>
/// <param name="File">The checkpoint.</param>
/// <param name="Position">Its position in the run.</param>
/// <param name="Stored">All checkpoints of the directory, the oldest first.</param>
/// <param name="Rejected">The newer checkpoints, the newest first.</param>
internal sealed record ResumePoint(
    string Directory,
    SafeTensorsFile File,
    CheckpointPosition Position,
    ImmutableArray<StoredCheckpoint> Stored,
    ImmutableArray<RejectedCheckpoint> Rejected)
{
    /// <summary>Paths of the run's checkpoints up to this one, the oldest first.</summary>
    public required ImmutableArray<string> Checkpoints { get; init; }

    /// <summary>The next term: above that of every checkpoint whose header can be read, rejected ones included.</summary>
    public long NextTerm => 1 + Stored.Max(checkpoint => checkpoint.Header?.Term ?? 0);

    /// <summary>Finds the checkpoint to resume from.</summary>
    /// <param name="directory">The run directory.</param>
    /// <param name="spec">The specification that the run must have; null: any.</param>
    /// <exception cref="BadInputException">There is no run, or no checkpoint that can be used, or a newer program wrote one.</exception>
    public static ResumePoint Find(string directory, RunSpec? spec = null)
    {
        RequireCheckpoint(directory);
        return new CheckpointSearch(directory, StoredCheckpoint.In(directory), spec).Find();
    }

    /// <summary>
    /// Renames the rejected checkpoints, so that no later term resumes from one past the metrics of this term. Only under
    /// the lock of the directory.
    /// </summary>
    /// <exception cref="RunDirectoryException">Another process resumed the run since the search, or a file cannot be renamed.</exception>
    public void SetRejectedAside()
    {
        if (!StoredCheckpoint.In(Directory).SequenceEqual(Stored))
        {
            throw new RunDirectoryException(
                Directory,
                new IOException(
                    "its checkpoints changed: another process resumed this run, or a file can be read again; resume it once more"));
        }

        foreach (RejectedCheckpoint checkpoint in Rejected)
        {
            RunDirectoryException.Guard(checkpoint.Path, () => AtomicFile.Rename(checkpoint.Path, checkpoint.AsidePath));
        }
    }

    /// <summary>Checks that a directory has a file with the name of a checkpoint.</summary>
    /// <exception cref="BadInputException">There is no directory, or no checkpoint in it.</exception>
    public static void RequireCheckpoint(string directory)
    {
        RequireDirectory(directory);
        if (new RunPaths(directory).Checkpoints().Count == 0)
        {
            throw new BadInputException($"{directory}: there is no {RunPaths.CheckpointForm} in it");
        }
    }

    /// <summary>Checks that a directory exists.</summary>
    /// <exception cref="BadInputException">It does not.</exception>
    public static void RequireDirectory(string directory)
    {
        if (!System.IO.Directory.Exists(directory))
        {
            throw new BadInputException($"{directory}: there is no such directory; give a run directory, such as one below runs");
        }
    }
}
