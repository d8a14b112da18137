using System.CommandLine;
using NnCluster.Coordinator.Reporting;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker;
using NnCluster.Worker.Cli;
using Spectre.Console;

namespace NnCluster.Coordinator.Cli;

/// <summary><c>nncluster train</c>.</summary>
internal static class TrainCommand
{
    /// <summary>The command and its options.</summary>
    public static (Command Command, TrainOptions Options) Create()
    {
        var options = new TrainOptions();
        var command = new Command("train", "Train a network. Without options: a good one on MNIST, on every core of this machine.");
        foreach (Option option in options.All)
        {
            command.Add(option);
        }

        command.SetAction((given, _) => RunAsync(given, options));
        return (command, options);
    }

    private static async Task<int> RunAsync(ParseResult given, TrainOptions options)
    {
        ResumePoint? resume = given.GetValue(options.Resume) is { } directory ? ResumePoint.Find(directory) : null;
        var state = new HealthState(TimeProvider.System);
        var health = new RunHealth(state);
        using HealthEndpoint? endpoint = HealthEndpoint.Open(given.GetValue(options.HealthPort), () => state.Report);
        (IAnsiConsole console, bool live) = ProgressDisplay.StandardError();
        TrainRequest request = await TrainRequestReader.ReadAsync(given, options, (name, dataDirectory) => DataCommand.OpenAsync(name, dataDirectory, console)).ConfigureAwait(false);
        if (resume is not null)
        {
            RequireSameRun(request, resume);
        }

        using var session = new TrainingSession(request, resume, TimeProvider.System) { Health = health };
        using var stop = new StopSignals(given.GetValue(options.EndWithInput));
        // What a library says by itself while it starts or ends must not get between the results.
        TextWriter results = Console.Out;
        Console.SetOut(Console.Error);
        RunOutcome outcome;
        RunSummary summary;
        using (var progress = new ProgressDisplay(console, live, TimeProvider.System))
        {
            foreach (string rejected in resume?.Rejected ?? [])
            {
                progress.WriteLine($"{rejected}; the checkpoint before it is used");
            }

            (outcome, summary) = await session.RunAsync(progress, progress.WriteLine, stop.Token).ConfigureAwait(false);
        }

        Console.SetOut(results);
        return Report(given.GetValue(options.Json), outcome, summary);
    }

    private static int Report(bool json, RunOutcome outcome, RunSummary summary)
    {
        if (outcome.Failure is { } failure)
        {
            Console.Error.WriteLine($"The run failed: {failure}. Its files are in {summary.RunDirectory}.");
            return ExitCode.Failed;
        }

        if (json)
        {
            Console.Out.WriteLine(summary.ToJson());
        }
        else
        {
            AnsiConsole.Write(SummaryTable.Create(summary));
        }

        if (outcome.Interrupted)
        {
            Console.Error.WriteLine($"Interrupted after step {summary.Steps}; go on with: nncluster train --resume {summary.RunDirectory}");
        }

        return outcome.Interrupted ? ExitCode.Interrupted : ExitCode.Done;
    }

    private static void RequireSameRun(TrainRequest request, ResumePoint resume)
    {
        if (request.Settings.StopAfter <= resume.Position.Step)
        {
            throw new BadInputException($"--stop-after {request.Settings.StopAfter}: the run in {resume.Directory} is at step {resume.Position.Step} already; give a later one.");
        }

        RunSpec earlier = RunSpecJson.Parse(resume.Position.RunSpec, resume.File.Path);
        if (request.Spec.ToJson() != resume.Position.RunSpec)
        {
            string what = request.Spec.Arithmetic != earlier.Arithmetic
                ? $"it was computed with {earlier.Arithmetic}, this is {request.Spec.Arithmetic}"
                : request.Spec.DatasetSha256 != earlier.DatasetSha256
                    ? "its data set has other contents"
                    : "only options that change no bit may be given with --resume: --workers, --checkpoint-every, --stop-after, --evaluate-every, --target-accuracy";
            throw new BadInputException($"--resume {resume.Directory}: this is not the same run: {what}.");
        }
    }
}
