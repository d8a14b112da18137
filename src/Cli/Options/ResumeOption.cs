using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Cli.Options;

/// <summary>Adds the option <c>--resume</c> to the errors of a search for checkpoints.</summary>
internal static class ResumeOption
{
    /// <summary>Finds the checkpoint to resume from.</summary>
    /// <exception cref="BadInputException">See <see cref="ResumePoint.Find"/>; the message begins with the option.</exception>
    public static ResumePoint Find(string directory, RunSpec spec)
    {
        ResumePoint? found = null;
        Named(() => found = ResumePoint.Find(directory, spec));
        return found!;
    }

    /// <summary>Runs an action, and prefixes its errors, which begin with the run directory, with the option.</summary>
    /// <exception cref="BadInputException">The action threw it; the message begins with the option.</exception>
    public static void Named(Action action)
    {
        try
        {
            action();
        }
        catch (BadInputException e)
        {
            throw new BadInputException($"--resume {e.Message}", e);
        }
    }
}
