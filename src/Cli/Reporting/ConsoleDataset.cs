using NnCluster.Data;
using Spectre.Console;

namespace NnCluster.Cli.Reporting;

/// <summary>Opens data sets, and logs the steps of a download to a console.</summary>
internal static class ConsoleDataset
{
    /// <summary>Opens a data set; logs the steps if it has to be downloaded.</summary>
    /// <param name="nameOrPath">Name of a known data set, or path of a directory or a file.</param>
    /// <param name="dataDirectory">Directory to search first; null for none.</param>
    /// <param name="options">Target, task, parts and preparation.</param>
    /// <param name="console">Console that gets the log lines.</param>
    /// <exception cref="BadInputException">The data set does not exist, or is damaged.</exception>
    public static async Task<Dataset> OpenAsync(string nameOrPath, string? dataDirectory, TableOptions options, IAnsiConsole console)
    {
        IProgress<DatasetProgress> progress = ProgressOn(console);
        var store = new DatasetStore(new() { DataDirectory = dataDirectory, Progress = progress });
        return await store.OpenAsync(nameOrPath, options with { Progress = progress }).ConfigureAwait(false);
    }

    /// <summary>Progress that is logged to a console, a line whenever it changes.</summary>
    public static IProgress<DatasetProgress> ProgressOn(IAnsiConsole console)
    {
        string? reported = null;
        return new DirectProgress(step =>
        {
            if (step.Message != reported)
            {
                reported = step.Message;
                console.WriteLine(step.Message);
            }
        });
    }

    // Progress<T> reports on the thread pool: a line could come after the program's last one.
    private sealed class DirectProgress(Action<DatasetProgress> report) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value) => report(value);
    }
}
