using System.Numerics.Tensors;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>
/// The sums that have arrived in a round, each over all shards of one node, until together they cover the root. Adds
/// them in the tree's order, whatever order they came in and whoever made them.
/// </summary>
/// <remarks>
/// Owns a reference to every buffer put in; <see cref="Clear"/> lets go of them. <see cref="TrainingRun"/> decides
/// what is put in: nodes must be disjoint.
/// </remarks>
public sealed class GradientTree
{
    private readonly SharedBuffer?[] _sums;
    private readonly int _shards;

    /// <summary>An empty tree over <paramref name="shards"/> shards (a power of two).</summary>
    public GradientTree(int shards)
    {
        _shards = shards;
        _sums = new SharedBuffer?[2 * shards];
    }

    /// <summary>Takes over the reference to a node's sum.</summary>
    /// <exception cref="InvalidOperationException">The node has a sum already.</exception>
    public void Put(NodeId node, SharedBuffer sum)
    {
        if (_sums[node.Value] is not null)
        {
            throw new InvalidOperationException($"The sum of {node} has arrived twice.");
        }

        _sums[node.Value] = sum;
    }

    /// <summary>Whether the nodes put in cover every shard.</summary>
    public bool IsComplete => Covers(NodeId.Root);

    /// <summary>Whether the nodes put in cover every shard of <paramref name="node"/>.</summary>
    public bool Covers(NodeId node) =>
        _sums[node.Value] is not null || (node.Value < _shards && Covers(node.Left) && Covers(node.Right));

    /// <summary>
    /// Takes the sum of a covered node out of the tree, adding up below it in place: every right sum is added to its
    /// left neighbour and let go. The reference passes to the caller.
    /// </summary>
    /// <exception cref="InvalidOperationException">The node is not covered.</exception>
    public SharedBuffer Take(NodeId node)
    {
        if (_sums[node.Value] is { } stored)
        {
            _sums[node.Value] = null;
            return stored;
        }

        if (node.Value >= _shards)
        {
            throw new InvalidOperationException($"The sum of {node} is missing.");
        }

        SharedBuffer sum = Take(node.Left);
        SharedBuffer right = Take(node.Right);
        TensorPrimitives.Add(sum.Span, right.Span, sum.Span);
        right.Release();
        return sum;
    }

    /// <summary>
    /// destination ← the root's elements from <paramref name="offset"/> on. Element-wise, so any thread may do any part.
    /// </summary>
    /// <param name="offset">The first element.</param>
    /// <param name="destination">As many elements as are wanted.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/>(destination.Length) floats of the caller's own.</param>
    public void SumInto(int offset, Span<float> destination, Span<float> scratch)
    {
        ReadOnlySpan<float> sum = Sum(NodeId.Root, offset, destination, scratch);
        if (sum != destination)
        {
            sum.CopyTo(destination);
        }
    }

    /// <summary>Scratch floats that <see cref="SumInto"/> needs for a piece of the given length.</summary>
    public int ScratchLength(int length) => length * int.Log2(2 * _shards);

    /// <summary>Lets go of all sums.</summary>
    public void Clear()
    {
        for (int node = 1; node < _sums.Length; node++)
        {
            _sums[node]?.Release();
            _sums[node] = null;
        }
    }

    // A stored sum is read in place; an inner one is left + right, left in the result's own memory, right in scratch.
    private ReadOnlySpan<float> Sum(NodeId node, int offset, Span<float> memory, Span<float> scratch)
    {
        if (_sums[node.Value] is { } stored)
        {
            return stored.Span.Slice(offset, memory.Length);
        }

        if (node.Value >= _shards)
        {
            throw new InvalidOperationException($"The sum of {node} is missing.");
        }

        ReadOnlySpan<float> left = Sum(node.Left, offset, memory, scratch);
        ReadOnlySpan<float> right = Sum(node.Right, offset, scratch[..memory.Length], scratch[memory.Length..]);
        TensorPrimitives.Add(left, right, memory);
        return memory;
    }
}
