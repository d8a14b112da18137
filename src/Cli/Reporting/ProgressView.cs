using System.Globalization;
using NnCluster.Training;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NnCluster.Cli.Reporting;

/// <summary>Renders the progress of a run, as a live panel or as lines of plain text.</summary>
internal static class ProgressView
{
    private const int MostWorkers = 16;
    private const int BarWidth = 40;

    /// <summary>Renders the live panel.</summary>
    public static IRenderable Panel(ProgressSnapshot progress, bool unicode)
    {
        if (progress.Run is null)
        {
            return new Markup(progress.Workers.IsEmpty ? "waiting for the run to start" : $"{Count(progress.Workers.Length, "worker")} joined");
        }

        var rows = new List<IRenderable>
        {
            Header(progress, progress.Run),
            Bar(progress, progress.Run, unicode),
            Numbers(progress, progress.Run),
        };
        if (progress.Paused is RunPaused paused)
        {
            rows.Add(new Markup($"[yellow]paused: {paused.Workers} of {paused.Needed} workers needed[/]"));
        }

        if (!progress.Workers.IsEmpty)
        {
            rows.Add(Workers(progress));
        }

        return new Rows(rows);
    }

    /// <summary>Log line of a notable event; null for any other event.</summary>
    public static string? NotableLine(RunEvent runEvent) => runEvent switch
    {
        RunStarted run =>
            Invariant($"{run.Name}: {Count(run.Parameters, "parameter")}, {Count(run.Epochs, "epoch")} of {run.BatchSize}-row batches, ")
            + Invariant($"{Count(run.Shards, "shard")}, {run.Blas}, seed {run.Seed}"),
        ParticipantJoined joined => $"{joined.Participant} joined",
        ParticipantLost lost => $"{lost.Participant} lost: {lost.Reason}",
        ShardsReassigned again => Invariant($"step {again.Step}: reassigned {Count(again.Shards, "shard")} of {again.From}: {again.Reason}"),
        StoppedEarly stopped => Invariant($"stopped early after epoch {stopped.Epoch}, step {stopped.Step}: ")
            + Invariant($"the validation loss was least after epoch {stopped.BestEpoch}, step {stopped.BestStep}"),
        CheckpointFailed failed =>
            Invariant($"the checkpoint after step {failed.Step} could not be written, the previous one stays: {failed.Reason}"),
        RunPaused paused => Invariant($"paused: {paused.Workers} of {paused.Needed} workers needed"),
        RunContinued continued => $"resumed with {Count(continued.Workers, "worker")}",
        RunEnded { Outcome: RunOutcomeKind.Failed } ended => $"failed: {ended.Reason}",
        RunEnded { Outcome: RunOutcomeKind.Interrupted } => "interrupted",
        _ => null,
    };

    /// <summary>Log line of an epoch.</summary>
    public static string EpochLine(EpochCompleted epoch, ProgressSnapshot progress)
    {
        string epochs = progress.Run is RunStarted run ? Invariant($"{epoch.Epoch}/{run.Epochs}") : Invariant($"{epoch.Epoch}");
        string accuracies = double.IsFinite(epoch.Test.Accuracy)
            ? $"  train {Percent(epoch.TrainAccuracy)}  test {Percent(epoch.Test.Accuracy)}"
            : string.Empty;
        string validation = epoch.Validation is { } held
            ? Invariant($"  validation loss {held.Loss:F4}") + (double.IsFinite(held.Accuracy) ? $"  validation {Percent(held.Accuracy)}" : string.Empty)
            : string.Empty;
        string speed = progress.ImagesPerSecond > 0 ? Invariant($"  {progress.ImagesPerSecond:N0} rows/s") : string.Empty;
        return Invariant($"epoch {epochs}  step {epoch.Step}  train loss {epoch.TrainLoss:F4}  test loss {epoch.Test.Loss:F4}")
            + accuracies + validation + speed + Invariant($"  {epoch.TrainSeconds:F1} s");
    }

    private static Markup Header(ProgressSnapshot progress, RunStarted run)
    {
        int present = progress.Workers.Count(worker => worker.LossReason is null);
        return new($"[bold]{Markup.Escape(run.Name)}[/]  {Count(run.Parameters, "parameter")}, {Count(present, "worker")}, "
            + $"{Count(run.Shards, "shard")}, {Markup.Escape(run.Blas)}");
    }

    private static Markup Bar(ProgressSnapshot progress, RunStarted run, bool unicode)
    {
        double fraction = run.TotalSteps > 0 ? Math.Clamp((double)progress.Step / run.TotalSteps, 0, 1) : 0;
        int done = (int)(fraction * BarWidth);
        (char full, char empty) = unicode ? ('━', '─') : ('#', '.');
        string left = progress.Remaining is TimeSpan remaining ? $"{Duration(remaining)} left" : "--:-- left";
        return new(Invariant($"[green]{new string(full, done)}[/][grey]{new string(empty, BarWidth - done)}[/] ")
            + Invariant($"{Math.Floor(100 * fraction)} %  {Duration(progress.Elapsed)}, {left}"));
    }

    private static Markup Numbers(ProgressSnapshot progress, RunStarted run)
    {
        var parts = new List<string>
        {
            Invariant($"epoch {progress.Epoch:F1}/{run.Epochs}"),
            Invariant($"step {progress.Step:N0}/{run.TotalSteps:N0}"),
        };
        if (progress.Step > 0)
        {
            parts.Add(Invariant($"loss {progress.SmoothedLoss:F4}"));
        }

        if (double.IsFinite(progress.BatchAccuracy))
        {
            parts.Add($"batch {Percent(progress.BatchAccuracy)}");
        }

        if (progress.LastEpoch is EpochCompleted epoch)
        {
            parts.Add(double.IsFinite(epoch.Test.Accuracy)
                ? $"[bold]test {Percent(epoch.Test.Accuracy)}[/]"
                : Invariant($"[bold]test loss {epoch.Test.Loss:F4}[/]"));
        }

        parts.Add(Invariant($"{progress.ImagesPerSecond:N0} rows/s"));
        return new(string.Join("  ", parts));
    }

    private static Grid Workers(ProgressSnapshot progress)
    {
        var grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn(new GridColumn().RightAligned().NoWrap())
            .AddColumn(new GridColumn().RightAligned().NoWrap()).AddColumn();
        foreach (ParticipantStatus worker in progress.Workers.Take(MostWorkers))
        {
            string state = worker.LossReason is string reason ? $"[red]lost: {Markup.Escape(reason)}[/]"
                : progress.Paused is not null ? "[yellow]waiting[/]"
                : "[green]working[/]";
            grid.AddRow(
                Markup.Escape(worker.Name), Count(worker.Shards, "shard"), Invariant($"{worker.RowsPerSecond:N0} rows/s"), state);
        }

        if (progress.Workers.Length > MostWorkers)
        {
            grid.AddRow(Invariant($"and {progress.Workers.Length - MostWorkers} more"), string.Empty, string.Empty, string.Empty);
        }

        return grid;
    }

    private static string Count(long number, string name) => Invariant($"{number:N0} {name}{(number == 1 ? "" : "s")}");

    private static string Percent(double fraction) => Invariant($"{100 * fraction:F2} %");

    private static string Duration(TimeSpan time) => time.TotalHours >= 1
        ? Invariant($"{(long)time.TotalHours}:{time:mm\\:ss}")
        : time.ToString("mm\\:ss", CultureInfo.InvariantCulture);

    private static string Invariant(FormattableString text) => FormattableString.Invariant(text);
}
