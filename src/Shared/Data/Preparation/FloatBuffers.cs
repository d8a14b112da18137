using System.Buffers;

namespace NnCluster.Data;

/// <summary>Features of a known number of rows, in one array.</summary>
/// <param name="length">Number of floats.</param>
internal sealed class FixedFloats(int length) : IBufferWriter<float>
{
    private readonly float[] _values = new float[length];
    private int _written;

    /// <summary>The floats written.</summary>
    public ReadOnlyMemory<float> Written => _values.AsMemory(0, _written);

    /// <inheritdoc/>
    public void Advance(int count) => _written += count;

    /// <inheritdoc/>
    public Memory<float> GetMemory(int sizeHint = 0) => _values.AsMemory(_written);

    /// <inheritdoc/>
    public Span<float> GetSpan(int sizeHint = 0) => _values.AsSpan(_written);
}

/// <summary>Features of rows whose number is not known, in one array.</summary>
/// <param name="path">The file that the rows come from, for messages.</param>
internal sealed class GrowingFloats(string path) : IBufferWriter<float>
{
    private const int LeastLength = 1 << 12;

    private float[] _values = [];
    private int _written;

    /// <summary>The floats written.</summary>
    public ReadOnlyMemory<float> Written => _values.AsMemory(0, _written);

    /// <inheritdoc/>
    public void Advance(int count) => _written += count;

    /// <inheritdoc/>
    public Memory<float> GetMemory(int sizeHint = 0)
    {
        long needed = (long)_written + sizeHint;
        if (needed > _values.Length)
        {
            long length = Math.Min(Array.MaxLength, Math.Max(LeastLength, Math.Max(needed, 2L * _values.Length)));
            Array.Resize(ref _values, needed <= length ? (int)length : throw new BadInputException(
                $"{path}: its rows have more than {Array.MaxLength} features in all, the most that memory holds."));
        }

        return _values.AsMemory(_written);
    }

    /// <inheritdoc/>
    public Span<float> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
