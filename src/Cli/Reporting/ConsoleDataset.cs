using NnCluster.Data;
using Spectre.Console;

namespace NnCluster.Cli.Reporting;

/// <summary>Data sets that are opened with a report on a console.</summary>
internal static class ConsoleDataset
{
    /// <summary>Opens a data set and reports on the console what is fetched.</summary>
    /// <param name="nameOrPath">A known name, a directory or a file.</param>
    /// <param name="dataDirectory">Directory to search first; null for none.</param>
    /// <param name="console">Console for the report.</param>
    /// <exception cref="BadInputException">It does not exist, or is damaged.</exception>
    public static async Task<Dataset> OpenAsync(string nameOrPath, string? dataDirectory, IAnsiConsole console)
    {
        string? reported = null;
        var progress = new DirectProgress(step =>
        {
            if (step.Message != reported)
            {
                reported = step.Message;
                console.WriteLine(step.Message);
            }
        });
        var store = new DatasetStore(new() { DataDirectory = dataDirectory, Progress = progress });
        return await store.OpenAsync(nameOrPath).ConfigureAwait(false);
    }

    // Progress<T> reports on the thread pool, possibly after the program's last line.
    private sealed class DirectProgress(Action<DatasetProgress> report) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value) => report(value);
    }
}
