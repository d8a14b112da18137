using NnCluster.Control;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// What one remote worker has been asked for and has not answered, in shards. Whatever it sends beyond that nobody has
/// asked for, so a worker out of control cannot fill the coordinator's memory: at most its debt is ever on the way.
/// Asked on one thread, answered on another.
/// </summary>
internal sealed class InFlightShards(RunSettings settings)
{
    private long _shards;

    /// <summary>Notes that shards are asked for.</summary>
    public void Ask(ShardRange shards) => Interlocked.Add(ref _shards, shards.Count);

    /// <summary>A sum arrives.</summary>
    /// <returns>Null, or why this cannot be an answer.</returns>
    public string? Answer(RoundId round, SubtreeId subtree)
    {
        if (TreeOf(round) is not { } tree)
        {
            return $"it sent a sum for {round}, and this run has no such round";
        }

        return tree.Holds(subtree) ? Pay(tree.ShardsOf(subtree).Count) : $"it sent the sum of {subtree}, and the tree has {tree.Shards} shards, subtrees 1 to {(2 * tree.Shards) - 1}";
    }

    /// <summary>An error arrives in place of shards: at least of one, since sums of the others may have come before it.</summary>
    /// <returns>Null, or why this cannot be an answer.</returns>
    public string? Answer(RoundId round, ShardRange shards)
    {
        if (TreeOf(round) is not { } tree)
        {
            return $"it reports an error of {round}, and this run has no such round";
        }

        return shards.End <= tree.Shards ? Pay(1) : $"it reports an error of {shards}, and the tree has {tree.Shards} shards";
    }

    private ReductionTree? TreeOf(RoundId round) =>
        round.Kind == RoundKind.Validation ? settings.Validation : settings.TreeOf(round.Kind);

    private string? Pay(int shards) =>
        Interlocked.Add(ref _shards, -shards) >= 0 ? null : "it sent more answers than it was asked for";
}
