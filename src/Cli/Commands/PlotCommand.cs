using System.CommandLine;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Persistence;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster plot RUN…</c>.</summary>
internal static class PlotCommand
{
    private const string Comparison = "comparison.png";

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var runs = new Argument<string[]>("run") { Description = "Run directories, or metrics files.", Arity = ArgumentArity.OneOrMore };
        Option<string?> output = CliOption.Text(
            "--output", "FILE.png|FILE.svg", $"File of the figure. [{RunPaths.CurvesName} in the run directory; {Comparison} for several]");
        output.Aliases.Add("-o");
        var command = new Command("plot", "Learning curves of one run, or of several compared.") { runs, output };
        command.SetAction(given =>
        {
            string path = Draw(given.GetRequiredValue(runs), given.GetValue(output));
            Console.Out.WriteLine(path);
            return ExitCode.Done;
        });
        return command;
    }

    private static string Draw(string[] runs, string? output)
    {
        string[] metrics = [.. runs.Select(run => Directory.Exists(run) ? new RunPaths(run).Metrics : run)];
        (string Name, RunHistory History)[] histories = [.. Names(metrics).Zip(metrics, (name, path) => (name, RunHistory.Read(path)))];
        string path = output ?? (runs.Length == 1 ? new RunPaths(DirectoryOf(metrics[0])).Curves : Comparison);
        LearningCurves.Draw(histories, path);
        return path;
    }

    /// <summary>Names of the directories, with their parents' names if they are not unique.</summary>
    private static string[] Names(string[] metrics)
    {
        string[] directories = [.. metrics.Select(DirectoryOf)];
        string[] names = [.. directories.Select(directory => Path.GetFileName(directory))];
        return names.Distinct().Count() == names.Length
            ? names
            : [.. directories.Select(directory => Path.Combine(ParentOf(directory), Path.GetFileName(directory)))];
    }

    private static string ParentOf(string directory) => Path.GetFileName(Path.GetDirectoryName(directory)) ?? string.Empty;

    private static string DirectoryOf(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) ?? string.Empty;
}
