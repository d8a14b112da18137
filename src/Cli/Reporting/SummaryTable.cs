using System.Globalization;
using System.Text.Json.Nodes;
using NnCluster.Persistence;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace NnCluster.Cli.Reporting;

/// <summary>Result of a run as a table for a console.</summary>
public static class SummaryTable
{
    /// <summary>Creates a table with accuracies, losses, times, configuration and run directory.</summary>
    public static IRenderable Create(RunSummary summary)
    {
        ArgumentNullException.ThrowIfNull(summary);
        Grid grid = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        void Row(string name, FormattableString value, bool strong = false)
        {
            string text = Markup.Escape(FormattableString.Invariant(value));
            grid.AddRow($"[grey]{name}[/]", strong ? $"[bold]{text}[/]" : text);
        }

        if (double.IsFinite(summary.TestAccuracy))
        {
            Row("test accuracy", $"{100 * summary.TestAccuracy:F2} %", strong: true);
        }

        if (summary.ValidationAccuracy is double validation && double.IsFinite(validation))
        {
            Row("validation accuracy", $"{100 * validation:F2} %");
        }

        if (summary.Metrics is { } metrics)
        {
            Row("on test rows", $"{MetricsText.Line(metrics)}", strong: !double.IsFinite(summary.TestAccuracy));
            Row("baseline", $"{MetricsText.Line((JsonObject)metrics["baseline"]!)}");
        }

        if (summary.BestStep is { } best)
        {
            Row("best state", $"epoch {summary.BestEpoch}, step {best:N0}: least loss on the validation rows");
        }

        Row("loss", $"test {summary.TestLoss:F4}, train {summary.TrainLoss:F4}");
        Row("trained", $"{Epochs(summary)}, {Count(summary.Steps, "step")}, {summary.Images:N0} rows{(summary.ResumedFromStep is null ? "" : " in this term")}");
        Row("time", $"{summary.TrainSeconds:F2} s of training, {summary.TotalSeconds:F2} s in all");
        Row("speed", $"{summary.ImagesPerSecond:N0} rows/s");
        Row(
            "with",
            $"{summary.Parameters:N0} parameters, {Count(summary.Workers, "worker")}, {Count(summary.Shards, "shard")}, {summary.Blas}, seed {summary.Seed}");
        if (summary.ReassignedShards > 0 || summary.WorkersLost > 0)
        {
            Row("faults", $"{Count(summary.WorkersLost, "worker")} lost, {Count(summary.ReassignedShards, "shard")} reassigned");
        }

        if (summary.ResumedFromStep is long step)
        {
            Row("resumed from", $"step {step:N0}");
        }

        Row("weights", $"SHA-256 {summary.WeightsSha256}");
        Row("run directory", $"{summary.RunDirectory}");
        return grid;
    }

    /// <summary>
    /// Whole epochs, and what is trained of the next. The steps of a run are full batches, so the last epoch may lack rows that fill none.
    /// </summary>
    private static string Epochs(RunSummary summary)
    {
        string epochs = Count(summary.Epochs, "epoch");
        long part = summary.TrainedRows - (summary.Epochs * summary.EpochRows);
        return summary.EpochRows == 0 || part == 0 ? epochs
            : summary.Epochs == 0 ? string.Create(CultureInfo.InvariantCulture, $"{part:N0} of {summary.EpochRows:N0} rows of the first epoch")
            : part > 0 ? string.Create(CultureInfo.InvariantCulture, $"{epochs} and {part:N0} of {summary.EpochRows:N0} rows of the next")
            : $"{epochs} less {Count(-part, "row")} that {(part == -1 ? "fills" : "fill")} no batch";
    }

    private static string Count(long number, string name) => string.Create(CultureInfo.InvariantCulture, $"{number:N0} {name}{(number == 1 ? "" : "s")}");
}
