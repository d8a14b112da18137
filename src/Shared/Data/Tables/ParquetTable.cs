using System.Buffers.Binary;
using System.Collections.Immutable;
using Parquet;
using Parquet.Meta;
using Parquet.Schema;

namespace NnCluster.Data;

/// <summary>
/// A Parquet file. The schema states names and kinds of the columns. Memory holds one row group, and of it the columns that are used. A
/// null is a missing value, as are the values that are missing in a CSV file.
/// </summary>
internal sealed class ParquetTable : TableSource
{
    // Most rows of a row group for each byte of the file; a header that claims more is damaged.
    private const long MostRowsPerByte = 256;

    private const int TailBytes = 8;

    private readonly Stream _file;
    private readonly ParquetReader _reader;
    private readonly Field[] _fields;
    private readonly ParquetColumn?[] _columns;
    private readonly int[] _loadedGroups;
    private readonly long _rows;
    private int _group = -1;
    private int _groupRows;
    private int _row;
    private long _read;

    private ParquetTable(string path, Stream file, ParquetReader reader)
        : base(path)
    {
        _file = file;
        _reader = reader;
        HashSet<string> halves = TakeHalves(reader.Metadata);
        _fields = [.. reader.Schema.Fields];
        if (_fields.Length == 0)
        {
            throw new BadInputException($"{path} has no columns.");
        }

        Columns = [.. _fields.Select((field, i) => ColumnNames.OnOneLine(field.Name) is { Length: > 0 } name ? name : $"column {i + 1}")];
        if (Columns.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } repeated)
        {
            throw new BadInputException($"{path}: two columns are named {Quoted.Text(repeated.Key)}; every column needs a name of its own.");
        }

        _columns = [.. _fields.Select(field => field is DataField data ? ParquetColumn.Of(data, halves.Contains(data.Name)) : null)];
        _loadedGroups = [.. Enumerable.Repeat(-1, _fields.Length)];
        _rows = Enumerable.Range(0, reader.RowGroupCount).Sum(group => (long)RowsOf(group));
    }

    /// <inheritdoc/>
    public override ImmutableArray<string> Columns { get; }

    /// <inheritdoc/>
    public override bool HasNames => true;

    /// <inheritdoc/>
    public override string Place => $"row {_read}";

    /// <inheritdoc/>
    public override double? Progress => _rows > 0 ? (double)_read / _rows : null;

    /// <summary>Opens a file and reads its schema.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="file">The file, seekable; disposed with the table.</param>
    /// <exception cref="BadInputException">The file is damaged.</exception>
    public static ParquetTable Open(string path, Stream file)
    {
        try
        {
            RequireFooter(file);
            return new(path, file, ParquetReader.CreateAsync(file, new ParquetOptions { UseBigDecimal = true }).GetAwaiter().GetResult());
        }
        catch (Exception damaged) when (damaged is not BadInputException)
        {
            throw new BadInputException($"{path} is a Parquet file that is damaged or cut short: {Reason(damaged)}.", damaged);
        }
    }

    /// <inheritdoc/>
    public override ColumnKind? KindOf(int column) => Known(column).Kind;

    /// <inheritdoc/>
    public override bool IsReadable(int column) => _columns[column] is not null;

    /// <inheritdoc/>
    public override bool Read()
    {
        while (_row + 1 >= _groupRows || _group < 0)
        {
            if (_group + 1 >= _reader.RowGroupCount)
            {
                return false;
            }

            _group++;
            _groupRows = RowsOf(_group);
            _row = -1;
        }

        _row++;
        _read++;
        return true;
    }

    /// <inheritdoc/>
    public override bool IsMissing(int column)
    {
        ParquetColumn values = Loaded(column);
        int index = values.IndexOf(_row);
        return index < 0 || values.IsMissing(index);
    }

    /// <inheritdoc/>
    public override bool TryGetNumber(int column, out double value)
    {
        ParquetColumn values = Loaded(column);
        int index = values.IndexOf(_row);
        value = double.NaN;
        return index >= 0 && values.TryGetNumber(index, out value);
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<char> GetText(int column)
    {
        ParquetColumn values = Loaded(column);
        int index = values.IndexOf(_row);
        return index < 0 ? [] : values.GetText(index);
    }

    /// <inheritdoc/>
    public override void Dispose() => _file.Dispose();

    private ParquetColumn Known(int column) => _columns[column] ?? throw new BadInputException(
        $"{Path}: the column {Columns[column]} has {FormOf(_fields[column])}; expected numbers, texts, Booleans or times. "
        + "Leave it out (--ignore), or write its parts as columns.");

    private static string FormOf(Field field) => field switch
    {
        DataField { IsArray: true } or { SchemaType: SchemaType.List } => "lists",
        { SchemaType: SchemaType.Map } => "maps",
        { SchemaType: SchemaType.Struct } => "nested columns",
        DataField data when data.ClrType == typeof(ReadOnlyMemory<byte>) => "binary values",
        DataField data => $"values of the type {data.ClrType.Name}",
        _ => "a form that is not read",
    };

    private ParquetColumn Loaded(int column)
    {
        ParquetColumn values = Known(column);
        if (_loadedGroups[column] == _group)
        {
            return values;
        }

        try
        {
            ParquetRowGroupReader group = _reader.OpenRowGroupReader(_group);
            ColumnChunk chunk = group.GetMetadata(values.Field) ?? throw new InvalidDataException("the row group does not have it");
            if (chunk.MetaData is null || chunk.CryptoMetadata is not null)
            {
                throw new InvalidDataException("it is encrypted; write it without encryption");
            }

            if (chunk.FilePath is not null)
            {
                throw new InvalidDataException("its values are in another file; write them into one");
            }

            ParquetPages.Validate(_file, chunk.MetaData, _groupRows);
            values.Load(group, _groupRows);
            _loadedGroups[column] = _group;
            return values;
        }
        catch (Exception damaged)
        {
            throw new BadInputException(
                $"{Path}, row {_read - _row} and after (row group {_group + 1}): the column {Columns[column]} cannot be read: {Reason(damaged)}.",
                damaged);
        }
    }

    /// <summary>
    /// Names of the float16 columns. Parquet.Net 6.1 refuses a file that has any, so their logical type is removed and they are read as bytes.
    /// </summary>
    private static HashSet<string> TakeHalves(FileMetaData? metadata)
    {
        HashSet<string> halves = new(StringComparer.Ordinal);
        foreach (SchemaElement element in (metadata?.Schema ?? []).Where(element => element is { LogicalType.FLOAT16: not null, TypeLength: 2 }))
        {
            element.LogicalType = null;
            halves.Add(element.Name);
        }

        return halves;
    }

    private int RowsOf(int group)
    {
        long rows = _reader.RowGroups[group].RowCount;
        return rows >= 0 && rows <= Math.Min(Array.MaxLength, MostRowsPerByte * _file.Length) ? (int)rows : throw new BadInputException(
            $"{Path}: row group {group + 1} claims {rows} rows in a file of {_file.Length} bytes; the file is damaged.");
    }

    /// <summary>Checks the footer's length and structure before anything is allocated by what it claims.</summary>
    private static void RequireFooter(Stream file)
    {
        Span<byte> tail = stackalloc byte[TailBytes];
        if (file.Length < 4 + TailBytes)
        {
            throw new InvalidDataException($"it has only {file.Length} bytes");
        }

        file.Position = file.Length - TailBytes;
        file.ReadExactly(tail);
        long length = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        if (!tail[4..].SequenceEqual("PAR1"u8))
        {
            throw new InvalidDataException("it does not end with PAR1");
        }

        if (length == 0 || length > file.Length - 4 - TailBytes)
        {
            throw new InvalidDataException($"its footer claims {length} bytes of {file.Length}");
        }

        byte[] footer = new byte[length];
        file.Position = file.Length - TailBytes - length;
        file.ReadExactly(footer);
        _ = ThriftFields.Read(footer, footer.Length);
        file.Position = 0;
    }

    private static string Reason(Exception damaged)
    {
        string message = (damaged is AggregateException { InnerException: { } inner } ? inner : damaged).Message;
        return message.ReplaceLineEndings(" ").TrimEnd('.');
    }
}
