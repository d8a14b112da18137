using NnCluster.Memory;

namespace NnCluster.Optimization;

/// <summary>
/// One block of each state buffer of the optimizer, in the order of <see cref="Optimizer.StateNames"/>; empty for buffers that
/// the optimizer does not have.
/// </summary>
public readonly ref struct StateSpans(Span<float> first, Span<float> second = default)
{
    /// <summary>Block of the first buffer.</summary>
    public Span<float> First { get; } = first;

    /// <summary>Block of the second buffer.</summary>
    public Span<float> Second { get; } = second;

    /// <summary>The elements <paramref name="range"/> of whole state buffers.</summary>
    public static StateSpans Of(ReadOnlySpan<AlignedBuffer> states, Range range) => new(
        states.Length > 0 ? states[0].Span[range] : default,
        states.Length > 1 ? states[1].Span[range] : default);

    /// <summary>A part of the block.</summary>
    internal StateSpans Slice(int start, int length) => new(
        First.IsEmpty ? default : First.Slice(start, length),
        Second.IsEmpty ? default : Second.Slice(start, length));
}
