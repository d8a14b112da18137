namespace NnCluster.Data;

/// <summary>
/// Inputs of a data set, (rows, columns), stored as bytes or as floats and read as floats. Immutable; every method may be called by
/// many threads at once.
/// </summary>
public interface IRowSource
{
    /// <summary>Number of rows.</summary>
    int Rows { get; }

    /// <summary>Number of features of a row.</summary>
    int Columns { get; }

    /// <summary>True if a feature is stored as one byte, read as byte · (1/255); false: as a float.</summary>
    bool IsBytes { get; }

    /// <summary>
    /// Writes the rows with the given indices one after the other to <paramref name="features"/>, (rows.Length, columns).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A row is outside the source.</exception>
    /// <exception cref="ArgumentException"><paramref name="features"/> is too short.</exception>
    void Gather(ReadOnlySpan<int> rows, Span<float> features);

    /// <summary>
    /// Writes <paramref name="count"/> rows from <paramref name="first"/> on to <paramref name="features"/>, (count, columns).
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the source.</exception>
    /// <exception cref="ArgumentException"><paramref name="features"/> is too short.</exception>
    void Copy(int first, int count, Span<float> features);

    /// <summary>A view of <paramref name="count"/> rows from <paramref name="first"/> on; copies nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the source.</exception>
    IRowSource Slice(int first, int count);

    /// <summary>The rows with the given indices, in their order: a copy, or a view where the rows are not in memory.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A row is outside the source.</exception>
    IRowSource Select(ReadOnlySpan<int> rows);

    /// <summary>Reads stored values, row after row: one byte, or one little-endian float32, per feature.</summary>
    /// <param name="offset">First byte, from 0.</param>
    /// <param name="destination">Receives as many bytes as it has room for.</param>
    /// <exception cref="ArgumentOutOfRangeException">The range is not inside the source.</exception>
    void ReadBytes(long offset, Span<byte> destination);
}

/// <summary>Checks and sizes that all sources of rows share.</summary>
internal static class RowSourceChecks
{
    /// <summary>Number of bytes that are stored.</summary>
    public static long ByteLength(this IRowSource source) => (long)source.Rows * source.Columns * (source.IsBytes ? 1 : sizeof(float));

    /// <summary>Requires room for rows.</summary>
    public static void RequireRoom(this IRowSource source, int rows, int available)
    {
        if ((long)rows * source.Columns > available)
        {
            throw new ArgumentException($"{available} floats cannot hold {rows} rows of {source.Columns} features.");
        }
    }

    /// <summary>Requires a range of rows.</summary>
    public static void RequireRange(this IRowSource source, int first, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((long)first + count, source.Rows);
    }

    /// <summary>Requires a range of bytes.</summary>
    public static void RequireBytes(this IRowSource source, long offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + length, source.ByteLength());
    }

    /// <summary>Requires a row.</summary>
    public static void RequireRow(int row, int rows)
    {
        if ((uint)row >= (uint)rows)
        {
            throw new ArgumentOutOfRangeException(nameof(row), row, $"Rows are numbered from 0 to {rows - 1}.");
        }
    }
}
