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

/// <summary>What cannot be done is refused before anything starts.</summary>
public sealed class ChaosCommandTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<string[], string> Options => new()
    {
        { [], "chaos needs --workers N" },
        { ["--workers", "0"], "--workers 0: expected a whole number from 1 to 64" },
        { ["--workers", "2", "--faults", "kill,fire"], "--faults kill,fire: expected some of kill, pause, slow, partition, corrupt, disk, coordinator" },
        { ["--workers", "2", "--faults", "kill,kill"], "--faults kill,kill: expected some of" },
        { ["--workers", "2", "--every", "0s"], "--every 0s: expected a positive number and a unit of time" },
        { ["--workers", "2", "--count", "0"], "--count 0: expected a whole number of at least 1" },
        { ["--workers", "2", "--network", "wifi"], "--network wifi: expected one of namespaces, loopback" },
        { ["--workers", "2", "--min-workers", "3"], "--min-workers 3: there are only 2 workers" },
        { ["--workers", "2", "--out", "."], "--out .: exists already" },
        { ["--workers", "2", "--resume", "x"], "--resume" },
    };

    [Theory]
    [MemberData(nameof(Options))]
    public void A_bad_option_is_named_with_what_would_be_right(string[] arguments, string message)
    {
        ProcessResult result = NnClusterProcess.Run(["chaos", .. arguments]);
        Assert.True(result.ExitCode == 2, result.Error);
        Assert.Contains(message, result.Error.Split('\n')[^1], StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }

    [Fact]
    public void An_option_that_train_refuses_ends_with_its_line_and_nothing_left()
    {
        ProcessResult result = NnClusterProcess.Run("chaos", "--workers", "1", "--faults", "kill", "--dataset", NnClusterProcess.MnistRows, "--batch-size", "5000", "--out", _directory["out"]);
        Assert.True(result.ExitCode == 2, result.Error);
        Assert.Contains("--batch-size 5000: there are only 1000 training rows.", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();
}
