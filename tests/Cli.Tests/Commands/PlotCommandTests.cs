using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;
using SkiaSharp;

namespace NnCluster.Cli.Tests.Commands;

[Collection(ExploreConsole.Collection)]
public sealed class PlotCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nncluster-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_curves_of_one_run_go_beside_it()
    {
        string run = Run("adam");

        (int exit, string output, _) = await ExploreConsole.RunAsync("plot", run);

        Assert.Equal((0, Path.Combine(run, "curves.png")), (exit, output.Trim()));
        using SKBitmap image = SKBitmap.Decode(output.Trim());
        Assert.Equal((1400, 1100), (image.Width, image.Height));
    }

    [Fact]
    public async Task Several_runs_are_compared_by_name_in_the_file_asked_for()
    {
        string figure = Path.Combine(_directory, "both.svg");

        (int exit, _, _) = await ExploreConsole.RunAsync("plot", Run("adam"), Path.Combine(Run("sgd"), "metrics.jsonl"), "-o", figure);

        Assert.Equal(0, exit);
        string svg = File.ReadAllText(figure);
        Assert.Contains("adam, test", svg, StringComparison.Ordinal);
        Assert.Contains("sgd, test", svg, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Runs_of_one_name_are_told_apart_by_their_parent()
    {
        string figure = Path.Combine(_directory, "both.svg");

        await ExploreConsole.RunAsync("plot", Run(Path.Combine("first", "run")), Run(Path.Combine("second", "run")), "-o", figure);

        Assert.Contains("second/run, test", File.ReadAllText(figure), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_run_is_named()
    {
        (int exit, _, string error) = await ExploreConsole.RunAsync("plot", Path.Combine(_directory, "none"));

        Assert.Equal(2, exit);
        Assert.Contains("there is no such file", error, StringComparison.Ordinal);
        Assert.Equal(2, (await ExploreConsole.RunAsync("plot", Run("adam"), "-o", Path.Combine(_directory, "curves.gif"))).ExitCode);
    }

    private string Run(string name)
    {
        using var run = RunDirectory.CreateAt(Path.Combine(_directory, name));
        for (int step = 1; step <= 20; step++)
        {
            run.Observe(new StepCompleted(step, step / 10.0, 1f / step, 0.9f, 0.001f, 1, 0.01));
        }

        run.Observe(new EpochCompleted(1, 20, 0.2f, 0.9f, new(0.3, 0.88, 100), null, null, 1));
        return run.Path;
    }
}
