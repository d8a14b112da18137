using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Options;

/// <summary>Names the option <c>--resume</c> in the errors of a search for checkpoints.</summary>
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

    /// <summary>Runs an action whose errors begin with the run directory, and puts the option in front of them.</summary>
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
