using NnCluster.Control;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>
/// What one remote worker has been asked for and has not answered, in leaves. Whatever it sends beyond that nobody has
/// asked for, so a worker out of control cannot fill the coordinator's memory: at most its debt is ever on the way.
/// Asked on one thread, answered on another.
/// </summary>
internal sealed class LeafDebt(RunSettings settings)
{
    private long _leaves;

    /// <summary>Notes that leaves are asked for.</summary>
    public void Ask(LeafRange leaves) => Interlocked.Add(ref _leaves, leaves.Count);

    /// <summary>A sum arrives.</summary>
    /// <returns>Null, or why this cannot be an answer.</returns>
    public string? Answer(RoundId round, NodeId node)
    {
        if (TreeOf(round) is not { } tree)
        {
            return $"it sent a sum for {round}, and this run has no such round";
        }

        return tree.Holds(node) ? Pay(tree.LeavesOf(node).Count) : $"it sent the sum of {node}, and the tree has {tree.Leaves} leaves, nodes 1 to {(2 * tree.Leaves) - 1}";
    }

    /// <summary>An error arrives in place of leaves: at least of one, since sums of the others may have come before it.</summary>
    /// <returns>Null, or why this cannot be an answer.</returns>
    public string? Answer(RoundId round, LeafRange leaves)
    {
        if (TreeOf(round) is not { } tree)
        {
            return $"it reports an error of {round}, and this run has no such round";
        }

        return leaves.End <= tree.Leaves ? Pay(1) : $"it reports an error of {leaves}, and the tree has {tree.Leaves} leaves";
    }

    private ShardTree? TreeOf(RoundId round) =>
        round.Kind == RoundKind.Validation ? settings.Validation : settings.TreeOf(round.Kind);

    private string? Pay(int leaves) =>
        Interlocked.Add(ref _leaves, -leaves) >= 0 ? null : "it sent more answers than it was asked for";
}
