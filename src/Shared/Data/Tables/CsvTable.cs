using System.Collections.Immutable;
using System.Text;
using CsvHelper;

namespace NnCluster.Data;

/// <summary>
/// A CSV or TSV file in UTF-8, plain or compressed with gzip. The separator (comma, semicolon, tab or |) is detected. The first
/// line holds the names of the columns if none of its fields is a number or stands for a missing value; the first field may be empty,
/// as pandas writes the name of an index.
/// </summary>
internal sealed class CsvTable : TableSource
{
    private static readonly CsvReaderOptions Options = new()
    {
        HasHeader = false,
        TrimWhitespace = true,
        TrackLineNumbers = true,
        MalformedData = CsvMalformedDataHandling.Throw,
    };

    private const long MostRowBytes = 1L << 26;
    private const int MostColumns = 1 << 20;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly CsvReader _reader;
    private readonly Stream _file;
    private readonly RowLimitStream _rows;
    private char[] _text = new char[64];
    private bool _isBuffered;

    private CsvTable(string path, Stream file, RowLimitStream rows, CsvReader reader, HeaderKind header, IReadOnlyCollection<string>? expectedNames)
        : base(path)
    {
        _file = file;
        _rows = rows;
        _reader = reader;
        if (!Advance())
        {
            throw new BadInputException($"{path} is empty; expected rows of values, one a line, separated by comma, semicolon, tab or |.");
        }

        if (reader.FieldCount > MostColumns)
        {
            throw new BadInputException($"{path}, {Place}: {reader.FieldCount} columns; expected at most {MostColumns}.");
        }

        HasNames = IsHeader(header, expectedNames);
        Columns = HasNames
            ? [.. Enumerable.Range(0, reader.FieldCount).Select(i => ColumnNames.OnOneLine(GetText(i)) is { Length: > 0 } name ? name : $"column {i + 1}")]
            : [.. Enumerable.Range(1, reader.FieldCount).Select(number => $"column {number}")];
        _isBuffered = !HasNames;
    }

    /// <inheritdoc/>
    public override ImmutableArray<string> Columns { get; }

    /// <inheritdoc/>
    public override bool HasNames { get; }

    /// <inheritdoc/>
    public override bool HasLines => true;

    /// <inheritdoc/>
    public override string Place => $"line {_reader.LineNumber}";

    /// <inheritdoc/>
    public override double? Progress => _file.CanSeek && _file.Length > 0 ? (double)_file.Position / _file.Length : null;

    /// <summary>Reads the first line of a file.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="file">The file as it is stored; disposed with the table.</param>
    /// <param name="content">The file without its compression; disposed with the table.</param>
    /// <param name="header">Meaning of the first line.</param>
    /// <param name="expectedNames">
    /// Names of columns that the rows are matched with: a first line that holds all of them is one of names, whatever they look like.
    /// Null: none are expected.
    /// </param>
    /// <exception cref="BadInputException">The file cannot be read, or is empty.</exception>
    public static CsvTable Open(string path, Stream file, Stream content, HeaderKind header, IReadOnlyCollection<string>? expectedNames)
    {
        try
        {
            var rows = new RowLimitStream(content, MostRowBytes);
            return new(path, file, rows, CsvReader.Create(rows, Options, leaveOpen: false), header, expectedNames);
        }
        catch (Exception failed)
        {
            throw Translate(path, failed);
        }
    }

    /// <inheritdoc/>
    public override bool Read()
    {
        if (_isBuffered)
        {
            _isBuffered = false;
            return true;
        }

        if (!Advance())
        {
            return false;
        }

        return _reader.FieldCount == Columns.Length ? true : throw new BadInputException(
            $"{Path}, {Place}: {_reader.FieldCount} columns; expected {Columns.Length} as in the first line.");
    }

    /// <inheritdoc/>
    public override CellKind Read(int column, out double number)
    {
        ReadOnlySpan<byte> field = _reader.GetSpan(column);
        return DecimalNumber.TryParse(field, out number) ? CellKind.Number
            : MissingValues.Contains(field) ? CellKind.Missing
            : CellKind.Text;
    }

    /// <inheritdoc/>
    public override bool IsMissing(int column) => MissingValues.Contains(_reader.GetSpan(column));

    /// <inheritdoc/>
    public override bool TryGetNumber(int column, out double value) => DecimalNumber.TryParse(_reader.GetSpan(column), out value);

    /// <inheritdoc/>
    public override ReadOnlySpan<char> GetText(int column)
    {
        ReadOnlySpan<byte> field = _reader.GetSpan(column);
        if (_text.Length < field.Length)
        {
            _text = new char[field.Length * 2];
        }

        try
        {
            return _text.AsSpan(0, Strict.GetChars(field, _text));
        }
        catch (DecoderFallbackException wrong)
        {
            throw new BadInputException($"{Path}, {Place}: column {column + 1} is no UTF-8; save the table as UTF-8.", wrong);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _reader.Dispose();
        _file.Dispose();
    }

    private bool Advance()
    {
        try
        {
            bool more = _reader.Read();
            _rows.RowRead();
            return more;
        }
        catch (InvalidRowException tooLong)
        {
            throw new BadInputException($"{Path}, {Place} and after: {tooLong.Message}", tooLong);
        }
        catch (Exception failed)
        {
            throw Translate(Path, failed);
        }
    }

    private bool IsHeader(HeaderKind header, IReadOnlyCollection<string>? expectedNames)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        bool areNames = true;
        string? repeated = null;
        for (int i = 0; i < _reader.FieldCount; i++)
        {
            bool isName = (!IsMissing(i) && !TryGetNumber(i, out _)) || (i == 0 && _reader.GetSpan(i).IsEmpty && _reader.FieldCount > 1);
            areNames &= isName;
            string name = ColumnNames.OnOneLine(GetText(i));
            repeated = names.Add(name) ? repeated : name;
        }

        areNames = header == HeaderKind.Yes || (areNames && header == HeaderKind.Auto);
        areNames |= expectedNames is { Count: > 0 } && expectedNames.All(names.Contains);
        return areNames && repeated is not null
            ? throw new BadInputException($"{Path}, {Place}: two columns are named {Quoted.Text(repeated)}; every column needs a name of its own.")
            : areNames;
    }

    private static Exception Translate(string path, Exception failed) => failed switch
    {
        CsvFormatException malformed =>
            new BadInputException($"{path}, line {malformed.LineNumber}: {malformed.Message}", malformed),
        _ => TableFile.Translate(path, failed),
    };
}
