using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// Shards in flight to one remote subtree: assigned and not answered. Results beyond them are refused, so that a faulty subtree
/// cannot fill the coordinator's memory.
/// </summary>
/// <remarks><see cref="Ask"/> runs on the actor's thread, <c>Answer</c> on the link's.</remarks>
internal sealed class InFlightShards(RoundTrees trees)
{
    private long _shards;

    /// <summary>Adds shards that were assigned.</summary>
    public void Ask(ShardRange shards) => Interlocked.Add(ref _shards, shards.Count);

    /// <summary>Takes off the shards of an arrived partial sum.</summary>
    /// <returns>Null, or why it answers no assignment.</returns>
    public string? Answer(RoundId round, SubtreeId subtree)
    {
        if (trees.Find(round.Kind) is not { } tree)
        {
            return $"it sent a sum for {round}, and this run has no such round";
        }

        return tree.Holds(subtree)
            ? Subtract(tree.ShardsOf(subtree).Count)
            : $"it sent the sum of {subtree}, and the tree has {tree.Shards} shards, subtrees 1 to {(2 * tree.Shards) - 1}";
    }

    /// <summary>Takes off one shard of an arrived error: sums of the others may have arrived before it.</summary>
    /// <returns>Null, or why it answers no assignment.</returns>
    public string? Answer(RoundId round, ShardRange shards)
    {
        if (trees.Find(round.Kind) is not { } tree)
        {
            return $"it reports an error of {round}, and this run has no such round";
        }

        return shards.End <= tree.Shards ? Subtract(1) : $"it reports an error of {shards}, and the tree has {tree.Shards} shards";
    }

    private string? Subtract(int shards) =>
        Interlocked.Add(ref _shards, -shards) >= 0 ? null : "it sent more answers than it was asked for";
}
