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
        Row("trained", $"{Count(summary.Epochs, "epoch")}, {Count(summary.Steps, "step")}, {summary.Images:N0} rows");
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

    private static string Count(long number, string name) => string.Create(CultureInfo.InvariantCulture, $"{number:N0} {name}{(number == 1 ? "" : "s")}");
}
