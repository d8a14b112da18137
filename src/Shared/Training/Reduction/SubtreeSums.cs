using System.Numerics.Tensors;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>
/// The sums that have arrived in a round, each over all shards of one subtree, until together they cover the root. Adds
/// them in the tree's order, whatever order they came in and whoever made them.
/// </summary>
/// <remarks>
/// Owns a reference to every buffer put in; <see cref="Clear"/> lets go of them. <see cref="TrainingRun"/> decides
/// what is put in: subtrees must be disjoint.
/// </remarks>
public sealed class SubtreeSums
{
    private readonly RefCountedBuffer?[] _sums;
    private readonly int _shards;

    /// <summary>An empty tree over <paramref name="shards"/> shards (a power of two).</summary>
    public SubtreeSums(int shards)
    {
        _shards = shards;
        _sums = new RefCountedBuffer?[2 * shards];
    }

    /// <summary>Takes over the reference to a subtree's sum.</summary>
    /// <exception cref="InvalidOperationException">The subtree has a sum already.</exception>
    public void Put(SubtreeId subtree, RefCountedBuffer sum)
    {
        if (_sums[subtree.Value] is not null)
        {
            throw new InvalidOperationException($"The sum of {subtree} has arrived twice.");
        }

        _sums[subtree.Value] = sum;
    }

    /// <summary>Whether the subtrees put in cover every shard.</summary>
    public bool IsComplete => Covers(SubtreeId.Root);

    /// <summary>Whether the subtrees put in cover every shard of <paramref name="subtree"/>.</summary>
    public bool Covers(SubtreeId subtree) =>
        _sums[subtree.Value] is not null || (subtree.Value < _shards && Covers(subtree.Left) && Covers(subtree.Right));

    /// <summary>
    /// Takes the sum of a covered subtree out of the tree, adding up below it in place: every right sum is added to its
    /// left neighbour and let go. The reference passes to the caller.
    /// </summary>
    /// <exception cref="InvalidOperationException">The subtree is not covered.</exception>
    public RefCountedBuffer Take(SubtreeId subtree)
    {
        if (_sums[subtree.Value] is { } stored)
        {
            _sums[subtree.Value] = null;
            return stored;
        }

        if (subtree.Value >= _shards)
        {
            throw new InvalidOperationException($"The sum of {subtree} is missing.");
        }

        RefCountedBuffer sum = Take(subtree.Left);
        RefCountedBuffer right = Take(subtree.Right);
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
        ReadOnlySpan<float> sum = Sum(SubtreeId.Root, offset, destination, scratch);
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
        for (int subtree = 1; subtree < _sums.Length; subtree++)
        {
            _sums[subtree]?.Release();
            _sums[subtree] = null;
        }
    }

    // A stored sum is read in place; an inner one is left + right, left in the result's own memory, right in scratch.
    private ReadOnlySpan<float> Sum(SubtreeId subtree, int offset, Span<float> memory, Span<float> scratch)
    {
        if (_sums[subtree.Value] is { } stored)
        {
            return stored.Span.Slice(offset, memory.Length);
        }

        if (subtree.Value >= _shards)
        {
            throw new InvalidOperationException($"The sum of {subtree} is missing.");
        }

        ReadOnlySpan<float> left = Sum(subtree.Left, offset, memory, scratch);
        ReadOnlySpan<float> right = Sum(subtree.Right, offset, scratch[..memory.Length], scratch[memory.Length..]);
        TensorPrimitives.Add(left, right, memory);
        return memory;
    }
}
