using System.Text.Json.Nodes;
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
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Commands;

[Collection(ExploreConsole.Collection)]
public sealed class ExploreCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nncluster-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Figures_and_numbers_are_written_and_the_summary_is_one_object()
    {
        string directory = Path.Combine(_directory, "regions");

        (int exit, string output, _) = await ExploreConsole.RunAsync("explore", "regularisation", "--quick", "--seed", "3", "--shape", "moons", "--out", directory, "--json");

        Assert.Equal(0, exit);
        JsonNode summary = JsonNode.Parse(Assert.Single(output.TrimEnd().Split('\n')))!;
        Assert.Equal(("regularisation", 3, true, "moons"), ((string)summary["experiment"]!, (int)summary["seed"]!, (bool)summary["quick"]!, (string)summary["shape"]!));
        Assert.Null(summary["points"]);
        Assert.All(summary["figures"]!.AsArray(), figure => Assert.True(new FileInfo(Path.Combine(directory, (string)figure!)).Length > 10_000));
        JsonNode results = JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "results.json")))!;
        Assert.Equal(120, results["points"]!.AsArray().Count);
        Assert.True(JsonNode.DeepEquals(summary["networks"], results["networks"]));
    }

    [Fact]
    public async Task A_seed_repeats_an_experiment()
    {
        string[] arguments = ["explore", "activations", "--quick", "--json", "--out"];

        string first = (await ExploreConsole.RunAsync([.. arguments, Path.Combine(_directory, "a")])).Output;
        string second = (await ExploreConsole.RunAsync([.. arguments, Path.Combine(_directory, "b")])).Output;

        Assert.Equal(first.Replace(_directory + "/a", "", StringComparison.Ordinal), second.Replace(_directory + "/b", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_experiment_is_not_written_over_another()
    {
        File.WriteAllText(Path.Combine(_directory, "results.json"), "{}");

        (int exit, _, string error) = await ExploreConsole.RunAsync("explore", "activations", "--quick", "--out", _directory);

        Assert.Equal(2, exit);
        Assert.Contains("already holds an experiment", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_of_other_experiments_are_refused()
    {
        (int exit, _, string error) = await ExploreConsole.RunAsync("explore", "capacity", "--dataset", "mnist");

        Assert.Equal(2, exit);
        Assert.Contains("See: nncluster explore capacity --help", error, StringComparison.Ordinal);
        Assert.Equal(2, (await ExploreConsole.RunAsync("explore", "dropout", "--shape", "moons")).ExitCode);
        Assert.Equal(2, (await ExploreConsole.RunAsync("explore", "capacity", "--shape", "squares")).ExitCode);
    }
}
