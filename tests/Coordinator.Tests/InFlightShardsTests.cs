using NnCluster.Control;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Coordinator.Tests;

public sealed class InFlightShardsTests
{
    private static readonly RoundId Round = new(3, RoundKind.Gradient);

    private readonly InFlightShards _inFlight = new(new(new(8, 512), new(2, 128)));

    [Fact]
    public void An_assigned_shard_may_be_answered_once()
    {
        _inFlight.Add(new(0, 4));
        Assert.Null(_inFlight.Remove(Round, new SubtreeId(4)));
        Assert.Null(_inFlight.Remove(Round, new SubtreeId(5)));
        Assert.Contains("more answers", _inFlight.Remove(Round, new SubtreeId(5)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_may_follow_the_sums_of_some_of_its_shards()
    {
        _inFlight.Add(new(0, 3));
        Assert.Null(_inFlight.Remove(Round, new SubtreeId(4)));
        Assert.Null(_inFlight.Remove(Round, new ShardRange(0, 3)));
        Assert.Contains("more answers", _inFlight.Remove(Round, new ShardRange(0, 3)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_subtracts_one_shard_and_the_sums_of_the_others_may_follow()
    {
        _inFlight.Add(new(1, 5));
        Assert.Null(_inFlight.Remove(Round, new SubtreeId(9)));
        // The worker of shards 1 to 3 fails after its first sum; that of shards 4 and 5 completes.
        Assert.Null(_inFlight.Remove(Round, new ShardRange(1, 3)));
        Assert.Null(_inFlight.Remove(Round, new SubtreeId(6)));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(1000)]
    public void A_subtree_outside_the_tree_is_no_answer(int subtree)
    {
        _inFlight.Add(new(0, 8));
        Assert.Contains("8 shards", _inFlight.Remove(Round, new SubtreeId(subtree)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_round_the_run_does_not_have_is_no_answer()
    {
        _inFlight.Add(new(0, 8));
        Assert.NotNull(_inFlight.Remove(new RoundId(3, RoundKind.Validation), SubtreeId.Root));
    }
}
