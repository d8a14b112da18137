using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NnCluster.Data;

/// <summary>Rows in a mapped file.</summary>
internal sealed unsafe class MappedRows : IRowSource
{
    private readonly MappedFile _file;
    private readonly long _offset;

    /// <summary>A view of rows.</summary>
    /// <param name="file">The file.</param>
    /// <param name="offset">First byte of the rows.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of features of a row.</param>
    /// <param name="areBytes">Whether a feature is one byte; else a little-endian float32.</param>
    /// <exception cref="ArgumentOutOfRangeException">The file is shorter.</exception>
    public MappedRows(MappedFile file, long offset, int rows, int columns, bool areBytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        (_file, _offset, Rows, Columns, IsBytes) = (file, offset, rows, columns, areBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + this.ByteLength(), file.Length);
    }

    /// <inheritdoc/>
    public int Rows { get; }

    /// <inheritdoc/>
    public int Columns { get; }

    /// <inheritdoc/>
    public bool IsBytes { get; }

    private long RowBytes => (long)Columns * (IsBytes ? 1 : sizeof(float));

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<int> rows, Span<float> features)
    {
        this.RequireRoom(rows.Length, features.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            RowSourceChecks.RequireRow(rows[i], Rows);
            CopyRow(rows[i], features.Slice(i * Columns, Columns));
        }

        GC.KeepAlive(_file);
    }

    /// <inheritdoc/>
    public void Copy(int first, int count, Span<float> features)
    {
        this.RequireRange(first, count);
        this.RequireRoom(count, features.Length);
        for (int i = 0; i < count; i++)
        {
            CopyRow(first + i, features.Slice(i * Columns, Columns));
        }

        GC.KeepAlive(_file);
    }

    /// <inheritdoc/>
    public IRowSource Slice(int first, int count)
    {
        this.RequireRange(first, count);
        return new MappedRows(_file, _offset + (first * RowBytes), count, Columns, IsBytes);
    }

    /// <inheritdoc/>
    public IRowSource Select(ReadOnlySpan<int> rows) => new SelectedRows(this, rows);

    /// <inheritdoc/>
    public void ReadBytes(long offset, Span<byte> destination)
    {
        this.RequireBytes(offset, destination.Length);
        _file.Read(_offset + offset, destination);
    }

    private void CopyRow(int row, Span<float> features)
    {
        byte* stored = _file[_offset + (row * RowBytes)];
        if (IsBytes)
        {
            PixelScaling.Scale(ref *stored, ref MemoryMarshal.GetReference(features), Columns);
        }
        else
        {
            // In a file of canonical bytes, rows may begin at any byte.
            Unsafe.CopyBlockUnaligned(ref Unsafe.As<float, byte>(ref MemoryMarshal.GetReference(features)), ref *stored, (uint)RowBytes);
        }
    }
}

/// <summary>Some rows of another source.</summary>
internal sealed class SelectedRows : IRowSource
{
    private readonly IRowSource _source;
    private readonly ReadOnlyMemory<int> _rows;

    /// <summary>A view of the rows with the given indices.</summary>
    public SelectedRows(IRowSource source, ReadOnlySpan<int> rows)
    {
        foreach (int row in rows)
        {
            RowSourceChecks.RequireRow(row, source.Rows);
        }

        (_source, _rows) = (source, rows.ToArray());
    }

    private SelectedRows(IRowSource source, ReadOnlyMemory<int> rows) => (_source, _rows) = (source, rows);

    /// <inheritdoc/>
    public int Rows => _rows.Length;

    /// <inheritdoc/>
    public int Columns => _source.Columns;

    /// <inheritdoc/>
    public bool IsBytes => _source.IsBytes;

    private int RowBytes => Columns * (IsBytes ? 1 : sizeof(float));

    /// <inheritdoc/>
    public void Gather(ReadOnlySpan<int> rows, Span<float> features)
    {
        this.RequireRoom(rows.Length, features.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            RowSourceChecks.RequireRow(rows[i], Rows);
            _source.Copy(_rows.Span[rows[i]], 1, features[(i * Columns)..]);
        }
    }

    /// <inheritdoc/>
    public void Copy(int first, int count, Span<float> features)
    {
        this.RequireRange(first, count);
        _source.Gather(_rows.Span.Slice(first, count), features);
    }

    /// <inheritdoc/>
    public IRowSource Slice(int first, int count)
    {
        this.RequireRange(first, count);
        return new SelectedRows(_source, _rows.Slice(first, count));
    }

    /// <inheritdoc/>
    public IRowSource Select(ReadOnlySpan<int> rows)
    {
        int[] selected = new int[rows.Length];
        for (int i = 0; i < rows.Length; i++)
        {
            RowSourceChecks.RequireRow(rows[i], Rows);
            selected[i] = _rows.Span[rows[i]];
        }

        return new SelectedRows(_source, (ReadOnlyMemory<int>)selected);
    }

    /// <inheritdoc/>
    public void ReadBytes(long offset, Span<byte> destination)
    {
        this.RequireBytes(offset, destination.Length);
        while (!destination.IsEmpty)
        {
            (long row, long start) = Math.DivRem(offset, RowBytes);
            int length = (int)Math.Min(destination.Length, RowBytes - start);
            _source.ReadBytes(((long)_rows.Span[(int)row] * RowBytes) + start, destination[..length]);
            destination = destination[length..];
            offset += length;
        }
    }
}
