using System.CommandLine;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Serving;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Persistence;
using NnCluster.Training;
using NnCluster.Worker.ProcessStatus;
using Spectre.Console;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster train</c>.</summary>
internal static class TrainCommand
{
    /// <summary>The command and its options.</summary>
    public static (Command Command, TrainOptions Options) Create()
    {
        var options = new TrainOptions();
        var command = new Command(
            "train", "Trains a network. Without options: one that reaches 98 % on MNIST, on all cores of this machine. " + ExitCode.Help);
        foreach (Option option in options.All)
        {
            command.Add(option);
        }

        command.SetAction((given, _) => StatusWriter.RunAsync(
            given.GetValue(options.StatusFd), status => RunAsync(given, options, status), OptionNames.MessageOf));
        return (command, options);
    }

    private static async Task<ProcessEnd> RunAsync(ParseResult given, TrainOptions options, StatusWriter status)
    {
        string? directory = given.GetValue(options.Resume);
        if (directory is not null)
        {
            ResumeOption.Named(() => ResumePoint.RequireCheckpoint(directory));
        }

        var state = new HealthState(TimeProvider.System);
        var health = new RunHealth(state);
        await using HealthEndpoint? endpoint = await HealthEndpoint.OpenAsync(given.GetValue(options.HealthPort), () => state.Report).ConfigureAwait(false);
        using TelemetryExport? export = TelemetryExport.Open();
        (IAnsiConsole console, bool live) = ProgressDisplay.StandardError();
        TrainRequest request = await TrainRequestReader
            .ReadAsync(given, options, (name, dataDirectory, table) => ConsoleDataset.OpenAsync(name, dataDirectory, table, console))
            .ConfigureAwait(false);
        foreach (string note in request.Data.Notes.Concat(RunWarnings.Of(request)))
        {
            console.WriteLine(note);
        }

        ResumePoint? resume = directory is null ? null : ResumeOption.Find(directory, request.Spec);
        if (directory is not null && FinishedRun.Find(directory) is { } finished && !HasFurtherGoal(request, finished))
        {
            console.WriteLine(
                $"{directory}: the run is complete, and stays as it is; --init-from {new RunPaths(directory).Model} begins another run with its weights");
            return new(Report(given.GetValue(options.Json), RunOutcome.Completed, finished, request.Spec.Model.ClassWeights is not null));
        }

        if (resume is not null && request.Settings.StopAfter <= resume.Position.Step)
        {
            throw new BadInputException(
                $"--stop-after {request.Settings.StopAfter}: the run in {directory} is at step {resume.Position.Step} already; "
                + "give a later one.");
        }

        if (resume is not null && request.Data.KnownSha256 is not null)
        {
            console.WriteLine($"checking the content of {request.Data.Name} before the run goes on");
        }

        var connections = new TrainingSessionOptions
        {
            Health = health,
            DrawCurves = (name, history, path) => LearningCurves.Draw(name, history, path),
            Observers = given.GetValue(options.TensorBoard) ? run => [new TensorBoardLog(run)] : null,
            Listening = (address, term) => status.Write(new Listening(address.ToString(), term)),
        };
        using TrainingSession session = await TrainingSession
            .PrepareAsync(request, resume, connections, TimeProvider.System)
            .ConfigureAwait(false);
        status.Write(new RunPrepared(session.Path, session.RunId, session.Term, resume?.Position.Step));
        using var stop = new StopSignals(given.GetValue(options.EndWithInput));
        // Libraries may write to standard output while they start or end: keep it for the results.
        TextWriter results = Console.Out;
        Console.SetOut(Console.Error);
        RunOutcome outcome;
        RunSummary summary;
        using (var progress = new ProgressDisplay(console, live, TimeProvider.System))
        {
            foreach (RejectedCheckpoint rejected in resume?.Rejected ?? [])
            {
                string aside = Path.GetFileName(rejected.AsidePath);
                progress.WriteLine($"{rejected.Reason}; it is now {aside}, and the checkpoint before it is used");
            }

            (outcome, summary) = await session.RunAsync(progress, progress.WriteLine, stop.Token).ConfigureAwait(false);
        }

        Console.SetOut(results);
        return new(Report(given.GetValue(options.Json), outcome, summary, request.Spec.Model.ClassWeights is not null), outcome.Failure);
    }

    // A run that ended at its target accuracy goes on to a higher one.
    private static bool HasFurtherGoal(TrainRequest request, RunSummary finished) =>
        request.Settings.TargetAccuracy > (finished.ValidationAccuracy ?? finished.TestAccuracy) && finished.Steps < request.Settings.TotalSteps
        && request.Spec.Selection?.Patience is null;

    private static int Report(bool json, RunOutcome outcome, RunSummary summary, bool isBalanced)
    {
        if (outcome.Failure is not null)
        {
            Console.Error.WriteLine($"The run failed: {OptionNames.ReasonOf(outcome)}. Its files are in {summary.RunDirectory}.");
            return ExitCode.Failed;
        }

        if (json)
        {
            Console.Out.WriteLine(summary.ToJson());
        }
        else
        {
            StandardOutput.Write(SummaryTable.Create(summary));
        }

        if (summary.Metrics is { } metrics && MetricsText.WarningOf(metrics, isBalanced) is { } warning)
        {
            Console.Error.WriteLine(warning);
        }

        if (outcome.Interrupted)
        {
            Console.Error.WriteLine(
                $"Interrupted after step {summary.Steps}; resume with: nncluster train --resume {summary.RunDirectory}");
        }

        return outcome.Interrupted ? ExitCode.Interrupted : ExitCode.Done;
    }
}
