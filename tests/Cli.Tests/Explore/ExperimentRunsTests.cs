using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;
using Spectre.Console.Testing;

namespace NnCluster.Cli.Tests.Explore;

public sealed class ExperimentRunsTests
{
    private static readonly ExperimentOptions Options = new() { Directory = "unused", Quick = true };

    [Fact]
    public async Task A_run_without_files_hands_out_the_network_it_trained()
    {
        using var console = new TestConsole();
        Dataset data = PlaneData.Generate(Options);

        using ExperimentRun run = await PlaneData.TrainAsync(new(Options, console), data, "six", neurons: 6, seed: 1);

        Assert.Equal(string.Empty, run.Summary.RunDirectory);
        Assert.Equal(run.Summary.TestAccuracy, run.Model.Evaluate(data.Test).Accuracy, 1e-6);
        Assert.Equal(run.Summary.WeightsSha256, run.Model.Layout.Sha256(run.Model.State));
        Assert.Equal(1500, run.History.Steps.Count);
        Assert.False(Directory.Exists(Options.Directory));
    }

    [Fact]
    public async Task More_workers_change_no_bit()
    {
        using var console = new TestConsole();
        Dataset data = PlaneData.Generate(Options);

        using ExperimentRun alone = await PlaneData.TrainAsync(new(Options, console), data, "one", neurons: 3, seed: 2);
        using ExperimentRun shared = await PlaneData.TrainAsync(new(Options with { Workers = 2 }, console), data, "two", neurons: 3, seed: 2);

        Assert.Equal(alone.Summary.WeightsSha256, shared.Summary.WeightsSha256);
    }
}
