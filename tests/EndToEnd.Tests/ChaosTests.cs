using System.Runtime.InteropServices;
using System.Text.Json;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.EndToEnd.Tests;

/// <summary>Seeded schedules of faults over real processes: the weights are those of the undisturbed run, and every step is there once.</summary>
public sealed class ChaosTests : IDisposable
{
    // Long enough for the speed of every worker to be known before the first fault: until then it may have no shard.
    private const string Every = "1s";

    private readonly SmallCluster _cluster = new();

    /// <summary>Kind of the faults, their number, place of partitions, and whether shards have to be reassigned.</summary>
    public static TheoryData<string, int, string, bool> EachAlone => new()
    {
        { "kill", 2, "loopback", true },
        { "pause", 2, "loopback", true },
        { "slow", 1, "loopback", false },
        { "partition", 2, "loopback", true },
        { "corrupt", 2, "loopback", true },
        { "coordinator", 1, "loopback", false },
    };

    [Theory]
    [MemberData(nameof(EachAlone))]
    public void Each_fault_alone_changes_no_bit_and_loses_no_step(string kind, int count, string network, bool moves)
    {
        JsonElement result = Run(kind, count, "--network", network);
        Assert.Equal(count, result.GetProperty("medians").GetProperty(kind).GetProperty("faults").GetInt32());
        if (moves)
        {
            Assert.True(result.GetProperty("reassignedShards").GetInt64() > 0, result.ToString());
        }

        if (kind is "kill" or "corrupt")
        {
            Assert.True(result.GetProperty("workersLost").GetInt32() >= count, result.ToString());
        }

        Assert.Equal(kind == "coordinator" ? count + 1 : 1, result.GetProperty("coordinatorTerms").GetInt32());
    }

    [RootFact]
    public void A_network_that_is_cut_changes_no_bit() =>
        Assert.True(Run("partition", 1, "--network", "namespaces").GetProperty("reassignedShards").GetInt64() > 0);

    [RootFact]
    public void A_disk_that_is_full_for_a_while_changes_no_bit_and_loses_no_metric()
    {
        JsonElement fault = Run("disk", 1, "--checkpoint-every", "2").GetProperty("faults")[0];
        Assert.True(fault.GetProperty("noticedMs").GetDouble() > 0, fault.ToString());
        Assert.True(fault.GetProperty("recoveredMs").GetDouble() > fault.GetProperty("seconds").GetDouble() * 1000, fault.ToString());
    }

    [Fact]
    public void A_mixture_changes_no_bit()
    {
        string kinds = "kill,pause,slow,partition,corrupt,coordinator" + (Environment.UserName == "root" ? ",disk" : "");
        JsonElement result = Run(kinds, kinds.Count(c => c == ',') + 1, "--seed", "4");
        Assert.True(result.GetProperty("reassignedShards").GetInt64() > 0, result.ToString());
        Assert.Equal(2, result.GetProperty("coordinatorTerms").GetInt32());
    }

    [RootFact]
    public void Asked_to_end_it_leaves_nothing_behind()
    {
        NnClusterProcess chaos = _cluster.Chaos(["--faults", "pause,disk,partition", "--workers", "3", "--every", "100ms", "--network", "namespaces", "--out", _cluster.Directory["chaos"]]);
        chaos.WaitFor<FaultOver>(fault => fault.Number == 3);
        int[] children = SmallCluster.ChildrenOf(chaos.Id);
        string[] spaces = Namespaces(chaos.Id);
        Assert.Equal(3, spaces.Length);
        Assert.Contains(_cluster.Directory["chaos"], File.ReadAllText("/proc/mounts"), StringComparison.Ordinal);
        chaos.Signal(PosixSignal.SIGTERM);
        ProcessResult result = chaos.Wait();
        Assert.True(result.ExitCode == 130, result.Error);
        Assert.All(children, child => Assert.False(SmallCluster.Runs(child), $"process {child} still runs"));
        Assert.Empty(Namespaces(chaos.Id));
        Assert.DoesNotContain(_cluster.Directory["chaos"], File.ReadAllText("/proc/mounts"), StringComparison.Ordinal);
    }

    public void Dispose() => _cluster.Dispose();

    private static string[] Namespaces(int chaos) =>
        Directory.Exists("/run/netns") ? [.. Directory.GetFiles("/run/netns", $"nnc{chaos % 1_000_000}h*")] : [];

    private JsonElement Run(string kinds, int count, params string[] arguments)
    {
        ProcessResult result = _cluster.Chaos(["--json", "--faults", kinds, "--workers", "3", "--count", $"{count}", "--every", Every, .. arguments.Contains("--seed") ? [] : new[] { "--seed", "5" }, .. arguments]).Wait();
        Assert.True(result.ExitCode == 0, result.Error + result.Output);
        Assert.True(result.Json.GetProperty("same").GetBoolean() && result.Json.GetProperty("everyStepOnce").GetBoolean(), result.Output);
        Assert.Equal(count, result.Json.GetProperty("faults").GetArrayLength());
        return result.Json;
    }
}
