using System.Collections.Immutable;
using System.Globalization;
using NnCluster.Persistence;

namespace NnCluster.Coordinator;

/// <summary>The newest good checkpoint of a run that stopped.</summary>
/// <param name="Directory">The run directory.</param>
/// <param name="File">The checkpoint.</param>
/// <param name="Position">Where it stands.</param>
/// <param name="Checkpoints">All good checkpoints up to this one, the oldest first.</param>
/// <param name="Rejected">What was wrong with newer ones, a line each.</param>
internal sealed record ResumePoint(
    string Directory,
    SafeTensorsFile File,
    CheckpointPosition Position,
    ImmutableArray<string> Checkpoints,
    ImmutableArray<string> Rejected)
{
    private const string Prefix = "checkpoint-";
    private const string Suffix = ".safetensors";

    /// <summary>Finds the checkpoint to go on from.</summary>
    /// <exception cref="BadInputException">There is no run, or no checkpoint that can be used.</exception>
    public static ResumePoint Find(string directory)
    {
        RequireDirectory(directory);
        List<string> files = [.. System.IO.Directory.GetFiles(directory, Prefix + "*" + Suffix).Where(path => StepOf(path) >= 0).OrderBy(StepOf)];
        var rejected = ImmutableArray.CreateBuilder<string>();
        while (files.Count > 0)
        {
            string path = files[^1];
            try
            {
                (SafeTensorsFile file, CheckpointPosition position) = Checkpoint.Read(path);
                return new(directory, file, position, [.. files], rejected.ToImmutable());
            }
            catch (BadInputException e)
            {
                rejected.Add(e.Message);
                files.RemoveAt(files.Count - 1);
            }
        }

        throw new BadInputException(rejected.Count == 0
            ? $"--resume {directory}: there is no {Prefix}<step>{Suffix} in it."
            : $"--resume {directory}: none of its checkpoints can be used: {string.Join("; ", rejected)}");
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

    private static long StepOf(string path)
    {
        string name = System.IO.Path.GetFileName(path);
        return long.TryParse(name[Prefix.Length..^Suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : -1;
    }
}
