using System.Globalization;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>A table with preparation, early stopping, best state and class weights, on workers that are killed.</summary>
public sealed class TableFaultTests : IDisposable
{
    private readonly SmallCluster _cluster = new();
    private readonly string[] _training;

    public TableFaultTests()
    {
        string path = _cluster.Directory["table.csv"];
        var random = new Random(7);
        File.WriteAllLines(path, ["x,y,colour,kind", .. Enumerable.Range(0, 600).Select(i => string.Create(
            CultureInfo.InvariantCulture,
            $"{random.NextDouble() + (i % 3)},{(i % 17 == 4 ? "" : $"{random.Next(9)}")},{(i % 5 == 0 ? "red" : "blue")},{(i % 3 == 0 || i % 7 == 0 ? "yes" : "no")}"))]);
        // As many evaluations as the run needs to outlast the fault.
        _training =
        [
            "--json", "--dataset", path, "--validation", "0.2", "--batch-size", "64", "--shards", "8", "--hidden", "32", "--epochs", "250",
            "--patience", "100", "--class-weight", "balanced", "--dropout", "0.3", "--learning-rate", "0.01",
        ];
    }

    [Fact]
    public void A_killed_worker_changes_neither_the_best_state_nor_the_step_of_the_early_stop()
    {
        ProcessResult alone = NnClusterProcess.Run(["train", .. _training, "--workers", "2", "--out", _cluster.Directory["alone"]]);
        Assert.True(alone.ExitCode == 0, alone.Error);
        NnClusterProcess coordinator = _cluster.Start(["train", .. _training, "--listen", _cluster.Address, "--min-workers", "2", "--out", _cluster.Directory["run"]]);
        NnClusterProcess victim = _cluster.Worker("victim");
        NnClusterProcess witness = _cluster.Worker("witness");
        coordinator.Follow.WaitForEpoch(5);
        NnClusterProcess.Signal(victim.Id, SmallCluster.SigKill);
        coordinator.Follow.WaitForLoss("victim.1");
        NnClusterProcess replacement = _cluster.Worker("victim");
        ProcessResult result = coordinator.Wait();
        Assert.True(result.ExitCode == 0, result.Error);
        foreach (string field in new[] { "weightsSha256", "steps", "bestStep" })
        {
            Assert.Equal(alone.Field(field), result.Field(field));
        }

        Assert.Equal("1", result.Field("workersLost"));
        Assert.Equal(0, witness.Wait().ExitCode);
        Assert.Equal(0, replacement.Wait().ExitCode);
    }

    public void Dispose() => _cluster.Dispose();
}
