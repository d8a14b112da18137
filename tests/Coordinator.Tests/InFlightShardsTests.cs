using NnCluster.Control;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Coordinator.Tests;

public sealed class ShardDebtTests
{
    private static readonly RoundId Round = new(3, RoundKind.Gradient);

    private readonly InFlightShards _debt = new(new(new(8, 512), new(2, 128)));

    [Fact]
    public void What_was_asked_for_may_be_answered_once()
    {
        _debt.Ask(new(0, 4));
        Assert.Null(_debt.Answer(Round, new SubtreeId(4)));
        Assert.Null(_debt.Answer(Round, new SubtreeId(5)));
        Assert.Contains("more answers", _debt.Answer(Round, new SubtreeId(5)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_may_follow_the_sums_of_some_of_its_shards()
    {
        _debt.Ask(new(0, 3));
        Assert.Null(_debt.Answer(Round, new SubtreeId(4)));
        Assert.Null(_debt.Answer(Round, new ShardRange(0, 3)));
        Assert.Contains("more answers", _debt.Answer(Round, new ShardRange(0, 3)), StringComparison.Ordinal);
    }

    [Fact]
    public void An_error_of_one_piece_leaves_the_others_their_answers()
    {
        _debt.Ask(new(1, 5));
        Assert.Null(_debt.Answer(Round, new SubtreeId(9)));
        // The worker of shards 1 to 3 fails after its first sum; that of shards 4 and 5 completes.
        Assert.Null(_debt.Answer(Round, new ShardRange(1, 3)));
        Assert.Null(_debt.Answer(Round, new SubtreeId(6)));
    }

    [Theory]
    [InlineData(16)]
    [InlineData(1000)]
    public void A_node_outside_the_tree_is_no_answer(int subtree)
    {
        _debt.Ask(new(0, 8));
        Assert.Contains("8 shards", _debt.Answer(Round, new SubtreeId(subtree)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_round_the_run_does_not_have_is_no_answer()
    {
        _debt.Ask(new(0, 8));
        Assert.NotNull(_debt.Answer(new RoundId(3, RoundKind.Validation), SubtreeId.Root));
    }
}
