using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace NnCluster.Data;

/// <summary>
/// Inputs of a data set, (rows, columns) in row-major order, stored as grey bytes or as floats and read as floats. Immutable and
/// thread-safe.
/// </summary>
public abstract class FeatureMatrix
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

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of features of a row.</summary>
    public int Columns { get; }

    /// <summary>True if a feature is stored as one grey byte, read as value/255; false: as a float.</summary>
    public abstract bool IsBytes { get; }

    /// <summary>Stored values: one byte, or one little-endian float32, per feature.</summary>
    public abstract ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Wraps grey values, (rows, columns); copies nothing; the caller must not change them afterwards.</summary>
    public static FeatureMatrix FromBytes(ReadOnlyMemory<byte> pixels, int columns) => new ByteMatrix(pixels, columns);

    /// <summary>Wraps floats, (rows, columns); copies nothing; the caller must not change them afterwards.</summary>
    public static FeatureMatrix FromFloats(ReadOnlyMemory<float> values, int columns) => new FloatMatrix(values, columns);

    /// <summary>
    /// Writes the rows with the given indices one after the other to <paramref name="features"/>, (rows.Length, columns).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A row is outside the matrix.</exception>
    /// <exception cref="ArgumentException"><paramref name="features"/> is too short.</exception>
    public abstract void Gather(ReadOnlySpan<int> rows, Span<float> features);

    /// <summary>
    /// Writes <paramref name="count"/> rows from <paramref name="first"/> on to <paramref name="features"/>, (count, columns).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the matrix.</exception>
    public abstract void Copy(int first, int count, Span<float> features);

    /// <summary>A view of <paramref name="count"/> rows from <paramref name="first"/> on; copies nothing.</summary>
    public abstract FeatureMatrix Slice(int first, int count);

    /// <summary>A copy of the rows with the given indices, in their order.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A row is outside the matrix.</exception>
    public abstract FeatureMatrix Select(ReadOnlySpan<int> rows);

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

    private protected void RequireRoom(int rows, int available)
    {
        if ((long)rows * Columns > available)
        {
            throw new ArgumentException($"{available} floats cannot hold {rows} rows of {Columns} features.");
        }
    }

    private protected void RequireRange(int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, Rows);
    }

    private protected void RequireRow(int row)
    {
        if ((uint)row >= (uint)Rows)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, $"Rows are numbered from 0 to {Rows - 1}.");
        }
    }

    private sealed class ByteMatrix(ReadOnlyMemory<byte> pixels, int columns) : FeatureMatrix(pixels.Length, columns)
    {
        // The hardware prefetcher cannot predict random rows; prefetching this far ahead hides the latency of memory.
        private const int RowsAhead = 2;
        private const int CacheLine = 64;

        private readonly ReadOnlyMemory<byte> _pixels = pixels;

        public override bool IsBytes => true;

        public override ReadOnlySpan<byte> Bytes => _pixels.Span;

        public override void Gather(ReadOnlySpan<int> rows, Span<float> features)
        {
            RequireRoom(rows.Length, features.Length);
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
            RequireRange(first, count);
            PixelScaling.Scale(_pixels.Span.Slice(first * Columns, count * Columns), features);
        }

        public override FeatureMatrix Slice(int first, int count)
        {
            RequireRange(first, count);
            return new ByteMatrix(_pixels.Slice(first * Columns, count * Columns), Columns);
        }

        public override FeatureMatrix Select(ReadOnlySpan<int> rows) => new ByteMatrix(Select(_pixels.Span, rows), Columns);

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

        public override ReadOnlySpan<byte> Bytes => MemoryMarshal.AsBytes(_values.Span);

        public override void Gather(ReadOnlySpan<int> rows, Span<float> features)
        {
            RequireRoom(rows.Length, features.Length);
            ReadOnlySpan<float> values = _values.Span;
            for (int i = 0; i < rows.Length; i++)
            {
                RequireRow(rows[i]);
                values.Slice(rows[i] * Columns, Columns).CopyTo(features[(i * Columns)..]);
            }
        }

        public override void Copy(int first, int count, Span<float> features)
        {
            RequireRange(first, count);
            _values.Span.Slice(first * Columns, count * Columns).CopyTo(features);
        }

        public override FeatureMatrix Slice(int first, int count)
        {
            RequireRange(first, count);
            return new FloatMatrix(_values.Slice(first * Columns, count * Columns), Columns);
        }

        public override FeatureMatrix Select(ReadOnlySpan<int> rows) => new FloatMatrix(Select(_values.Span, rows), Columns);
    }
}
