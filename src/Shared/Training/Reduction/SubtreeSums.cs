using System.Numerics.Tensors;
using NnCluster.Memory;

namespace NnCluster.Training;

/// <summary>
/// Partial sums of a round, each over all shards of one subtree. Adds them in the order of the reduction tree, for any order
/// of arrival.
/// </summary>
/// <remarks>
/// Owns one reference to every buffer put in; <see cref="Clear"/> releases them. Subtrees must be disjoint, which
/// <see cref="TrainingRun"/> ensures.
/// </remarks>
public sealed class SubtreeSums
{
    private readonly RefCountedBuffer?[] _sums;
    private readonly int _shards;

    /// <summary>No sums, for a tree over <paramref name="shards"/> shards (a power of two).</summary>
    public SubtreeSums(int shards)
    {
        _shards = shards;
        _sums = new RefCountedBuffer?[2 * shards];
    }

    /// <summary>Puts in the sum of a subtree and takes over its reference.</summary>
    /// <exception cref="InvalidOperationException">The subtree has a sum already.</exception>
    public void Put(SubtreeId subtree, RefCountedBuffer sum)
    {
        if (_sums[subtree.Value] is not null)
        {
            throw new InvalidOperationException($"The sum of {subtree} has arrived twice.");
        }

        _sums[subtree.Value] = sum;
    }

    /// <summary>True if the sums cover every shard.</summary>
    public bool IsComplete => Covers(SubtreeId.Root);

    /// <summary>True if the sums cover every shard of a subtree.</summary>
    public bool Covers(SubtreeId subtree) =>
        _sums[subtree.Value] is not null || (subtree.Value < _shards && Covers(subtree.Left) && Covers(subtree.Right));

    /// <summary>
    /// Removes a covered subtree and returns its sum. Adds in place: every right sum is added to its left neighbour and released.
    /// The reference passes to the caller.
    /// </summary>
    /// <exception cref="InvalidOperationException">The subtree is not covered.</exception>
    public RefCountedBuffer Extract(SubtreeId subtree)
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

        RefCountedBuffer sum = Extract(subtree.Left);
        RefCountedBuffer right = Extract(subtree.Right);
        TensorPrimitives.Add(sum.Span, right.Span, sum.Span);
        right.Release();
        return sum;
    }

    /// <summary>
    /// destination ← elements of the root's sum from <paramref name="offset"/> on. Element-wise, so that threads may do parts in
    /// parallel.
    /// </summary>
    /// <param name="offset">Index of the first element.</param>
    /// <param name="destination">Receives the elements.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/>(destination.Length) floats, not shared with other threads.</param>
    public void SumInto(int offset, Span<float> destination, Span<float> scratch)
    {
        ReadOnlySpan<float> sum = Sum(SubtreeId.Root, offset, destination, scratch);
        if (sum != destination)
        {
            sum.CopyTo(destination);
        }
    }

    /// <summary>Floats of scratch memory that <see cref="SumInto"/> needs for <paramref name="length"/> elements.</summary>
    public int ScratchLength(int length) => length * int.Log2(2 * _shards);

    /// <summary>Releases all sums.</summary>
    public void Clear()
    {
        for (int subtree = 1; subtree < _sums.Length; subtree++)
        {
            _sums[subtree]?.Release();
            _sums[subtree] = null;
        }
    }

    // A stored sum is read in place. An inner one is left + right: left goes to the result's memory, right to scratch.
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
