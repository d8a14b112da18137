using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace NnCluster.Data;

/// <summary>
/// Inputs of a data set in memory, (rows, columns) in row-major order, stored as bytes or as floats and read as floats. Immutable
/// and thread-safe.
/// </summary>
public abstract class FeatureMatrix : IRowSource
{
    private protected FeatureMatrix(int length, int columns)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        if (length % columns != 0)
        {
            throw new ArgumentException($"{length} values are no whole number of rows of {columns} columns.", nameof(length));
        }

        Columns = columns;
        Rows = length / columns;
    }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public abstract bool IsBytes { get; }

    /// <summary>Wraps bytes, (rows, columns); copies nothing; the caller must not change them afterwards.</summary>
    public static FeatureMatrix FromBytes(ReadOnlyMemory<byte> pixels, int columns) => new ByteMatrix(pixels, columns);

    /// <summary>Wraps floats, (rows, columns); copies nothing; the caller must not change them afterwards.</summary>
    public static FeatureMatrix FromFloats(ReadOnlyMemory<float> values, int columns) => new FloatMatrix(values, columns);

    /// <inheritdoc/>
    public abstract void Gather(ReadOnlySpan<int> rows, Span<float> features);

    /// <inheritdoc/>
    public abstract void Copy(int first, int count, Span<float> features);

    /// <summary>A view of <paramref name="count"/> rows from <paramref name="first"/> on; copies nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the matrix.</exception>
    public abstract FeatureMatrix Slice(int first, int count);

    /// <summary>A copy of the rows with the given indices, in their order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A row is outside the matrix.</exception>
    public abstract FeatureMatrix Select(ReadOnlySpan<int> rows);

    /// <inheritdoc/>
    public abstract void ReadBytes(long offset, Span<byte> destination);

    IRowSource IRowSource.Slice(int first, int count) => Slice(first, count);

    IRowSource IRowSource.Select(ReadOnlySpan<int> rows) => Select(rows);

    private protected T[] Select<T>(ReadOnlySpan<T> values, ReadOnlySpan<int> rows)
    {
        T[] selected = new T[checked(rows.Length * Columns)];
        for (int i = 0; i < rows.Length; i++)
        {
            RequireRow(rows[i]);
            values.Slice(rows[i] * Columns, Columns).CopyTo(selected.AsSpan(i * Columns));
        }

        return selected;
    }

    private protected void RequireRow(int row) => RowSourceChecks.RequireRow(row, Rows);

    private sealed class ByteMatrix(ReadOnlyMemory<byte> pixels, int columns) : FeatureMatrix(pixels.Length, columns)
    {
        // The hardware prefetcher cannot predict random rows; prefetching this far ahead hides the latency of memory.
        private const int RowsAhead = 2;
        private const int CacheLine = 64;

        private readonly ReadOnlyMemory<byte> _pixels = pixels;

        public override bool IsBytes => true;

        public override void Gather(ReadOnlySpan<int> rows, Span<float> features)
        {
            this.RequireRoom(rows.Length, features.Length);
            ref byte pixels = ref MemoryMarshal.GetReference(_pixels.Span);
            ref float destination = ref MemoryMarshal.GetReference(features);
            for (int i = 0; i < rows.Length; i++)
            {
                RequireRow(rows[i]);
                if (i + RowsAhead < rows.Length)
                {
                    Prefetch(ref pixels, rows[i + RowsAhead]);
                }

                PixelScaling.Scale(
                    ref Unsafe.Add(ref pixels, (nint)rows[i] * Columns), ref Unsafe.Add(ref destination, (nint)i * Columns), Columns);
            }
        }

        public override void Copy(int first, int count, Span<float> features)
        {
            this.RequireRange(first, count);
            PixelScaling.Scale(_pixels.Span.Slice(first * Columns, count * Columns), features);
        }

        public override FeatureMatrix Slice(int first, int count)
        {
            this.RequireRange(first, count);
            return new ByteMatrix(_pixels.Slice(first * Columns, count * Columns), Columns);
        }

        public override FeatureMatrix Select(ReadOnlySpan<int> rows) => new ByteMatrix(Select(_pixels.Span, rows), Columns);

        public override void ReadBytes(long offset, Span<byte> destination)
        {
            this.RequireBytes(offset, destination.Length);
            _pixels.Span.Slice((int)offset, destination.Length).CopyTo(destination);
        }

        private unsafe void Prefetch(ref byte pixels, int row)
        {
            if (!Sse.IsSupported || (uint)row >= (uint)Rows)
            {
                return;
            }

            ref byte start = ref Unsafe.Add(ref pixels, (nint)row * Columns);
            for (int at = 0; at < Columns; at += CacheLine)
            {
                // Only a hint: if the garbage collector moves the array meanwhile, a useless line is fetched.
                Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.Add(ref start, at)));
            }
        }
    }

    private sealed class FloatMatrix(ReadOnlyMemory<float> values, int columns) : FeatureMatrix(values.Length, columns)
    {
        private readonly ReadOnlyMemory<float> _values = values;

        public override bool IsBytes => false;

        public override void Gather(ReadOnlySpan<int> rows, Span<float> features)
        {
            this.RequireRoom(rows.Length, features.Length);
            ReadOnlySpan<float> values = _values.Span;
            for (int i = 0; i < rows.Length; i++)
            {
                RequireRow(rows[i]);
                values.Slice(rows[i] * Columns, Columns).CopyTo(features[(i * Columns)..]);
            }
        }

        public override void Copy(int first, int count, Span<float> features)
        {
            this.RequireRange(first, count);
            _values.Span.Slice(first * Columns, count * Columns).CopyTo(features);
        }

        public override FeatureMatrix Slice(int first, int count)
        {
            this.RequireRange(first, count);
            return new FloatMatrix(_values.Slice(first * Columns, count * Columns), Columns);
        }

        public override FeatureMatrix Select(ReadOnlySpan<int> rows) => new FloatMatrix(Select(_values.Span, rows), Columns);

        public override void ReadBytes(long offset, Span<byte> destination)
        {
            this.RequireBytes(offset, destination.Length);
            DatasetBytes.ReadFrom(_values.Span, offset, destination);
        }
    }
}
