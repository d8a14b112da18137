using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// Rows of a NumPy array, read once in their order: the first dimension counts the rows, the other dimensions are flattened in the order of
/// NumPy's <c>reshape(n, -1)</c>; of an array with fields, each field is a column. Memory holds a block of rows; an array in Fortran order
/// is read column by column for each block, and if its source cannot seek, it is held in memory.
/// </summary>
internal sealed class NpyRows : IDisposable
{
    private const int BlockBytes = 1 << 20;
    private const int Chunk = 1 << 20;
    private const int MostColumns = 1 << 20;
    private const long MostRowBytes = 1L << 28;

    private readonly string _path;
    private readonly long[] _columnStarts; // Fortran order: for each column its first item
    private Stream _source;
    private long _dataStart;
    private byte[] _block = [];
    private int _blockRows;
    private int _row = -1;
    private long _read;

    private NpyRows(string path, Stream source, NpyHeader header)
    {
        _path = path;
        _source = source;
        _dataStart = header.Length;
        Header = header;
        if (header.Shape.Length == 0)
        {
            throw new FormatException("it is a single value; expected rows");
        }

        Rows = header.Shape[0];
        long width = header.Shape.Skip(1).Aggregate(1L, (product, dimension) => product > MostColumns ? product : product * dimension);
        if (width is 0 or > MostColumns || (header.HasFields && header.Shape.Length > 1))
        {
            throw new FormatException(header.HasFields
                ? $"its shape is ({string.Join(", ", header.Shape)}); an array with fields has one dimension, its rows"
                : $"its shape ({string.Join(", ", header.Shape)}) has {(width == 0 ? "no column" : $"more than {MostColumns} columns")}");
        }

        Columns = header.HasFields ? header.Fields.Length : (int)width;
        RowBytes = (long)header.ItemSize * (header.HasFields ? 1 : Columns) is <= MostRowBytes and long bytes
            ? (int)bytes
            : throw new FormatException($"a row has more than {MostRowBytes} bytes");
        _columnStarts = header.IsFortranOrder && Columns > 1 && !header.HasFields ? FortranStarts(header.Shape, Columns) : [];
    }

    /// <summary>The header.</summary>
    public NpyHeader Header { get; }

    /// <summary>Number of rows.</summary>
    public long Rows { get; }

    /// <summary>Columns of a row.</summary>
    public int Columns { get; }

    /// <summary>Bytes of a row.</summary>
    public int RowBytes { get; }

    /// <summary>Share of the rows that were read.</summary>
    public double? Progress => Rows > 0 ? (double)_read / Rows : null;

    /// <summary>Reads the header of an array.</summary>
    /// <param name="path">The array, for messages.</param>
    /// <param name="source">The array at its start; disposed with the rows. If it can seek, its length is compared with the header.</param>
    /// <exception cref="BadInputException">The array is damaged, or its type or shape is not read.</exception>
    public static NpyRows Open(string path, Stream source)
    {
        try
        {
            NpyHeader header = NpyHeader.Read(source);
            if (source.CanSeek && source.Length != header.Length + header.Bytes)
            {
                throw new FormatException(
                    $"its header announces {header.Length + header.Bytes} bytes in all, but it has {source.Length}");
            }

            return new(path, source, header);
        }
        catch (FormatException wrong)
        {
            source.Dispose();
            throw new BadInputException($"{path} is a NumPy array that cannot be read: {wrong.Message}.", wrong);
        }
    }

    /// <summary>Reads the header of an IDX file: the same rows in another envelope.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="source">The file without its compression; disposed with the rows. If it can seek, its length is compared with the header.</param>
    /// <exception cref="BadInputException">The file is damaged.</exception>
    public static NpyRows OpenIdx(string path, Stream source)
    {
        try
        {
            var header = NpyHeader.ReadIdx(source);
            if (source.CanSeek && source.Length != header.Length + header.Bytes)
            {
                throw new FormatException($"its header announces {header.Length + header.Bytes} bytes in all, but it has {source.Length}");
            }

            return new(path, source, header);
        }
        catch (Exception wrong) when (wrong is FormatException or InvalidDataException)
        {
            source.Dispose();
            throw new BadInputException($"{path} is an IDX file that cannot be read: {wrong.Message}.", wrong);
        }
    }

    /// <summary>Advances to the next row.</summary>
    /// <returns>False after the last row.</returns>
    /// <exception cref="BadInputException">The array ends early or is damaged.</exception>
    public bool Read()
    {
        if (_row + 1 < _blockRows)
        {
            _row++;
            _read++;
            return true;
        }

        if (_read >= Rows)
        {
            return false;
        }

        try
        {
            ReadBlock();
        }
        catch (Exception damaged) when (damaged is IOException or InvalidDataException)
        {
            string reason = damaged is EndOfStreamException
                ? $"its header announces {Rows} rows, but it ends early"
                : damaged.Message.TrimEnd('.');
            throw new BadInputException($"{_path}, row {_read + 1} and after: cannot be read: {reason}.", damaged);
        }

        _row = 0;
        _read++;
        return true;
    }

    /// <summary>Field of a column.</summary>
    public NpyField FieldOf(int column) => Header.HasFields ? Header.Fields[column] : Header.Fields[0];

    /// <summary>Bytes of a value of the current row.</summary>
    public ReadOnlySpan<byte> ValueOf(int column)
    {
        NpyField field = FieldOf(column);
        int start = Header.HasFields ? (_row * RowBytes) + field.Offset
            : _columnStarts.Length > 0 ? ((column * _blockRows) + _row) * Header.ItemSize
            : (_row * RowBytes) + (column * Header.ItemSize);
        return _block.AsSpan(start, field.Size);
    }

    /// <summary>Writes the bytes of the current row to <paramref name="row"/>, (<see cref="RowBytes"/>), its columns in their order.</summary>
    public void CopyTo(Span<byte> row)
    {
        if (_columnStarts.Length == 0)
        {
            _block.AsSpan(_row * RowBytes, RowBytes).CopyTo(row);
            return;
        }

        for (int column = 0; column < Columns; column++)
        {
            ValueOf(column).CopyTo(row[(column * Header.ItemSize)..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    private void ReadBlock()
    {
        int rows = (int)Math.Min(Rows - _read, Math.Max(1, BlockBytes / RowBytes));
        long bytes = (long)rows * RowBytes;
        if (_block.Length < bytes)
        {
            _block = new byte[bytes];
        }

        _blockRows = 0;
        if (_columnStarts.Length == 0)
        {
            _source.ReadExactly(_block.AsSpan(0, (int)bytes));
        }
        else
        {
            BufferUnlessSeekable();
            int part = rows * Header.ItemSize;
            for (int column = 0; column < Columns; column++)
            {
                _source.Position = _dataStart + ((_columnStarts[column] + _read) * Header.ItemSize);
                _source.ReadExactly(_block.AsSpan(column * part, part));
            }
        }

        _blockRows = rows;
        if (_read + rows == Rows && !_source.CanSeek && _source.ReadByte() >= 0)
        {
            throw new InvalidDataException("more bytes follow its last row");
        }
    }

    private void BufferUnlessSeekable()
    {
        if (_source.CanSeek)
        {
            return;
        }

        if (Header.Bytes > Array.MaxLength)
        {
            throw new InvalidDataException("it is compressed in Fortran order and too large for memory; save numpy.ascontiguousarray of it");
        }

        var memory = new MemoryStream();
        byte[] chunk = new byte[Chunk];
        for (int got; (got = _source.Read(chunk)) > 0;)
        {
            memory.Write(chunk, 0, got);
            if (memory.Length > Header.Bytes)
            {
                throw new InvalidDataException("more bytes follow its last row");
            }
        }

        _source.Dispose();
        (_source, _dataStart) = (memory, 0);
    }

    /// <summary>First item of each column, whose rows follow each other: columns are numbered with the last dimension fastest.</summary>
    private static long[] FortranStarts(ImmutableArray<long> shape, int columns)
    {
        long[] starts = new long[columns];
        for (int column = 0; column < columns; column++)
        {
            int rest = column;
            for (int dimension = shape.Length - 1; dimension > 0; dimension--)
            {
                long stride = 1;
                for (int before = 0; before < dimension; before++)
                {
                    stride *= shape[before];
                }

                starts[column] += rest % shape[dimension] * stride;
                rest = (int)(rest / shape[dimension]);
            }
        }

        return starts;
    }
}
