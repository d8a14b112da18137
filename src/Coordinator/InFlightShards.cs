using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// Number of shards in flight to one node: assigned and not answered. Further results are refused, so that a faulty node cannot
/// fill the coordinator's memory.
/// </summary>
/// <remarks><see cref="Add"/> runs on the actor's thread, <c>Remove</c> on the link's receiving thread.</remarks>
internal sealed class InFlightShards(RoundTrees trees)
{
    private long _shards;

    /// <summary>Adds shards that were assigned.</summary>
    public void Add(ShardRange shards) => Interlocked.Add(ref _shards, shards.Count);

    /// <summary>Subtracts the shards of an arrived partial sum.</summary>
    /// <returns>Null, or the error if it answers no assignment.</returns>
    public string? Remove(RoundId round, SubtreeId subtree)
    {
        if (trees.Find(round.Kind) is not { } tree)
        {
            return $"it sent a sum for {round}, and this run has no such round";
        }

        return tree.Holds(subtree)
            ? Subtract(tree.ShardsOf(subtree).Count)
            : $"it sent the sum of {subtree}, and the tree has {tree.Shards} shards, subtrees 1 to {(2 * tree.Shards) - 1}";
    }

    /// <summary>Subtracts one shard of an arrived error: sums of its other shards may have arrived before.</summary>
    /// <returns>Null, or the error if it answers no assignment.</returns>
    public string? Remove(RoundId round, ShardRange shards)
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
