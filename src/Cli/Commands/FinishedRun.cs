using NnCluster.Persistence;

namespace NnCluster.Cli.Commands;

/// <summary>A run that is complete: <c>--resume</c> leaves it as it is.</summary>
internal static class FinishedRun
{
    /// <summary>The summary of a run that is complete; null if it is not.</summary>
    /// <param name="directory">The run directory.</param>
    /// <exception cref="BadInputException">Its summary cannot be read.</exception>
    public static RunSummary? Find(string directory)
    {
        if (RunStatusReader.Read(directory).State != RunStanding.Completed)
        {
            return null;
        }

        string path = new RunPaths(directory).Summary;
        try
        {
            return RunSummary.Parse(File.ReadAllText(path));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or System.Text.Json.JsonException)
        {
            throw new BadInputException($"{path} cannot be read: {e.Message}", e);
        }
    }
}
