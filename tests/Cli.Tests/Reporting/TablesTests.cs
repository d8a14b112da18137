using System.Globalization;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;
using Spectre.Console.Rendering;
using Spectre.Console.Testing;

namespace NnCluster.Cli.Tests.Reporting;

public sealed class TablesTests
{
    [Fact]
    public void The_summary_says_what_was_reached_and_how()
    {
        string text = Render(SummaryTable.Create(Summary()));

        Assert.Contains("test accuracy  98.12 %", text, StringComparison.Ordinal);
        Assert.Contains("240,000 rows/s", text, StringComparison.Ordinal);
        Assert.Contains("/runs/[x]", text, StringComparison.Ordinal);
        Assert.DoesNotContain("faults", text, StringComparison.Ordinal);
        Assert.DoesNotContain("resumed", text, StringComparison.Ordinal);
        Assert.DoesNotContain("validation", text, StringComparison.Ordinal);
    }

    [Fact]
    public void In_a_pipe_no_line_is_broken_or_padded()
    {
        string directory = "/" + new string('d', 300);
        string[] lines = StandardOutput.TextOf(SummaryTable.Create(Summary() with { RunDirectory = directory })).Split('\n');
        Assert.Contains(lines, line => line.EndsWith(directory, StringComparison.Ordinal));
        Assert.All(lines, line => Assert.Equal(line.TrimEnd(), line));

        string[] names = [.. Enumerable.Range(0, 208).Select(c => $"class-{c}")];
        string confusion = StandardOutput.TextOf(ConfusionTable.Create(new int[208, 208], [.. names]));
        Assert.All(names, name => Assert.Contains($" {name} ", confusion.ReplaceLineEndings(" "), StringComparison.Ordinal));
    }

    [Fact]
    public void The_summary_tells_of_faults_and_of_resuming_and_of_no_accuracy_in_regression()
    {
        string text = Render(SummaryTable.Create(Summary() with { TestAccuracy = double.NaN, WorkersLost = 1, ReassignedShards = 12, ResumedFromStep = 1000, ValidationAccuracy = 0.5 }));

        Assert.Contains("1 worker lost, 12 shards reassigned", text, StringComparison.Ordinal);
        Assert.Contains("step 1,000", text, StringComparison.Ordinal);
        Assert.Contains("50.00 %", text, StringComparison.Ordinal);
        Assert.DoesNotContain("test accuracy", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 2, 200, 140, "trained 2 epochs less 80 rows that fill no batch, 2 steps,")]
    [InlineData(1, 2, 200, 199, "trained 1 epoch and 1 of 199 rows of the next, 2 steps,")]
    [InlineData(1, 1, 199, 200, "trained 1 epoch less 1 row that fills no batch, 1 step,")]
    [InlineData(2, 4, 400, 200, "trained 2 epochs, 4 steps,")]
    [InlineData(0, 4, 400, 1000, "trained 400 of 1,000 rows of the first epoch, 4 steps,")]
    [InlineData(3, 4, 0, 0, "trained 3 epochs, 4 steps,")]
    public void The_summary_tells_whole_and_part_epochs(int epochs, long steps, long trained, long epochRows, string expected)
    {
        string text = Render(SummaryTable.Create(Summary() with { Epochs = epochs, Steps = steps, TrainedRows = trained, EpochRows = epochRows }));

        Assert.Contains(expected, string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public void The_confusion_matrix_has_recall_at_the_right_and_precision_below()
    {
        int[,] counts = { { 90, 10, 0 }, { 5, 95, 0 }, { 0, 0, 0 } };

        string text = Render(ConfusionTable.Create(counts, ["cat", "[dog]", "cow"]));

        string[] lines = [.. text.Split('\n').Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)))];
        Assert.Contains("true \\ predicted cat [dog] cow recall", lines);
        Assert.Contains("cat 90 10 . 90.0 %", lines);
        Assert.Contains("[dog] 5 95 . 95.0 %", lines);
        Assert.Contains("cow . . 0 -", lines);
        Assert.Contains("precision 94.7 % 90.5 % -", lines);
    }

    [Theory]
    [InlineData(10, 80)]
    [InlineData(10, 40)]
    [InlineData(10, 1)]
    [InlineData(208, 80)]
    public void On_a_narrow_screen_the_confusion_matrix_keeps_its_cells(int classes, int width)
    {
        int[,] counts = new int[classes, classes];
        foreach (int cell in Enumerable.Range(0, classes * classes))
        {
            counts[cell / classes, cell % classes] = cell + 1;
        }

        string[] names = [.. Enumerable.Range(0, classes).Select(c => $"class-{c}")];
        string[] lines = StandardOutput.TextOf(ConfusionTable.Create(counts, names, width)).Split('\n');

        Assert.All(lines, line => Assert.InRange(line.Length, 0, Math.Max(width, 32)));
        string[] words = [.. lines.SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        Assert.Equal(
            Enumerable.Range(1, classes * classes).Order(),
            words.Select(word => int.TryParse(word, CultureInfo.InvariantCulture, out int count) ? count : 0).Where(count => count > 0).Order());
        Assert.Single(words, "recall");
        Assert.All(names, name => Assert.Contains(name, words));
    }

    [Fact]
    public void A_matrix_that_is_not_square_is_refused()
    {
        Assert.Throws<ArgumentException>(() => ConfusionTable.Create(new int[2, 3]));
        Assert.Throws<ArgumentException>(() => ConfusionTable.Create(new int[2, 2], ["one"]));
    }

    private static RunSummary Summary() => new()
    {
        TestAccuracy = 0.98123,
        TestLoss = 0.0625,
        TrainLoss = 0.03125,
        Epochs = 3,
        Steps = 1407,
        Images = 180_000,
        TrainSeconds = 0.75,
        TotalSeconds = 1.5,
        ImagesPerSecond = 240_000,
        WeightsSha256 = "00ff",
        Parameters = 203_530,
        Workers = 2,
        Shards = 16,
        Blas = "simd",
        Seed = 1,
        ReassignedShards = 0,
        WorkersLost = 0,
        RunDirectory = "/runs/[x]",
    };

    private static string Render(IRenderable renderable)
    {
        using var console = new TestConsole();
        console.Profile.Width = 160;
        console.Write(renderable);
        return string.Join('\n', console.Output.Split('\n').Select(line => line.TrimEnd()));
    }
}
