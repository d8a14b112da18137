using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Optimization;

/// <summary>
/// One block of each of the optimizer's slots, in the order of <see cref="Optimizer.SlotNames"/>; slots the optimizer
/// does not have stay empty.
/// </summary>
public readonly ref struct SlotSpans(Span<float> first, Span<float> second = default)
{
    /// <summary>The block of the first slot.</summary>
    public Span<float> First { get; } = first;

    /// <summary>The block of the second slot.</summary>
    public Span<float> Second { get; } = second;

    /// <summary>Cuts <paramref name="range"/> out of whole slot buffers.</summary>
    public static SlotSpans Of(ReadOnlySpan<AlignedBuffer> slots, Range range) => new(
        slots.Length > 0 ? slots[0].Span[range] : default,
        slots.Length > 1 ? slots[1].Span[range] : default);

    /// <summary>A part of the block.</summary>
    internal SlotSpans Slice(int start, int length) => new(
        First.IsEmpty ? default : First.Slice(start, length),
        Second.IsEmpty ? default : Second.Slice(start, length));
}
