using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace NnCluster.Data;

/// <summary>Columns of a table with the kind and the range of their values, without regard to a target.</summary>
/// <param name="Path">The file.</param>
/// <param name="HasNames">Whether the names of the columns are in the file.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Columns">The columns, in the order of the file.</param>
internal sealed record TableDescription(string Path, bool HasNames, long Rows, ImmutableArray<ColumnDescription> Columns)
{
    /// <summary>Describes a table in one pass; the memory depends on the number of columns only.</summary>
    /// <exception cref="BadInputException">The file cannot be read; the message names the place.</exception>
    public static TableDescription Read(TableSource source, IProgress<DatasetProgress>? progress = null)
    {
        const int rowsBetweenReports = 1 << 17;
        int[] readable = [.. Enumerable.Range(0, source.Columns.Length).Where(source.IsReadable)];
        ColumnCounter[] counters = [.. source.Columns.Select((name, index) => new ColumnCounter(name, source.KindOf(index)))];
        long rows = 0;
        while (source.Read())
        {
            foreach (int column in readable)
            {
                counters[column].Add(source, column);
            }

            if (++rows % rowsBetweenReports == 0)
            {
                progress?.Report(new(System.IO.Path.GetFileName(source.Path), FormattableString.Invariant($"read {rows:N0} rows")));
            }
        }

        return new(source.Path, source.HasNames, rows, [.. counters.Select((counter, index) => source.IsReadable(index)
            ? counter.ToDescription(rows)
            : new(source.Columns[index], ColumnKind.Text) { Advice = "cannot be read: leave it out with --ignore" })]);
    }
}

/// <summary>One column of a table.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Kind">Kind of its values, as training decides it.</param>
internal sealed record ColumnDescription(string Name, ColumnKind Kind)
{
    /// <summary>Rows without a value.</summary>
    public long Missing { get; init; }

    /// <summary>Values that are numbers.</summary>
    public long Numbers { get; init; }

    /// <summary>Values that are no numbers.</summary>
    public long Texts { get; init; }

    /// <summary>Least number; NaN without numbers.</summary>
    public double Minimum { get; init; } = double.NaN;

    /// <summary>Greatest number; NaN without numbers.</summary>
    public double Maximum { get; init; } = double.NaN;

    /// <summary>Mean of the numbers; NaN without numbers.</summary>
    public double Mean { get; init; } = double.NaN;

    /// <summary>Different values and their rows, the most frequent first; null if there are more than <see cref="ColumnCounter.MostValues"/>.</summary>
    public ImmutableArray<(string Text, long Rows)>? Values { get; init; }

    /// <summary>Advice where the values look like something that training does not prepare; null: none.</summary>
    public string? Advice { get; init; }
}

/// <summary>Counts the values of one column.</summary>
/// <param name="name">Name of the column.</param>
/// <param name="stated">Kind as the format states it; null: the values decide.</param>
internal sealed partial class ColumnCounter(string name, ColumnKind? stated)
{
    /// <summary>Most different values that are counted one by one.</summary>
    public const int MostValues = 1000;

    // Training decides the kind of a column by so many rows.
    private const int SampleRows = 1000;

    // Fewer rows may differ by chance.
    private const int FewRows = 20;

    private readonly Dictionary<string, long> _values = new(StringComparer.Ordinal);
    private bool _hasTooManyValues;
    private long _rows;
    private long _missing;
    private long _numbers;
    private long _texts;
    private long _sampledNumbers;
    private long _sampledTexts;
    private long _dates;
    private long _zeroPadded;
    private double _least = double.PositiveInfinity;
    private double _most = double.NegativeInfinity;
    private double _sum;
    private double _last = double.NegativeInfinity;
    private bool _isCounting = true;

    /// <summary>Adds the value of a source's current row.</summary>
    public void Add(TableSource source, int column)
    {
        _rows++;
        CellKind kind = source.Read(column, out double number);
        if (kind == CellKind.Missing)
        {
            _missing++;
            _isCounting = false;
            return;
        }

        ReadOnlySpan<char> text = source.GetText(column);
        if (kind == CellKind.Number)
        {
            AddNumber(number, text);
        }
        else
        {
            _isCounting = false;
            _texts++;
            _sampledTexts += _rows <= SampleRows ? 1 : 0;
            _dates += Date.IsMatch(text) ? 1 : 0;
        }

        AddValue(text);
    }

    /// <summary>The column as counted.</summary>
    /// <param name="rows">Rows of the table.</param>
    public ColumnDescription ToDescription(long rows) => new(name, Kind)
    {
        Missing = _missing,
        Numbers = _numbers,
        Texts = _texts,
        Minimum = _numbers > 0 ? _least : double.NaN,
        Maximum = _numbers > 0 ? _most : double.NaN,
        Mean = _numbers > 0 ? _sum / _numbers : double.NaN,
        Values = _hasTooManyValues
            ? null
            : [.. _values.OrderByDescending(value => value.Value).ThenBy(value => value.Key, StringComparer.Ordinal).Select(value => (value.Key, value.Value))],
        Advice = AdviceFor(rows),
    };

    private ColumnKind Kind =>
        stated ?? (_sampledTexts > 0 && 2 * _sampledTexts >= _sampledTexts + _sampledNumbers ? ColumnKind.Text : ColumnKind.Number);

    private void AddNumber(double number, ReadOnlySpan<char> text)
    {
        _numbers++;
        _sampledNumbers += _rows <= SampleRows ? 1 : 0;
        _least = Math.Min(_least, number);
        _most = Math.Max(_most, number);
        _sum += number;
        _isCounting &= number > _last && number == Math.Floor(number);
        _last = number;
        _zeroPadded += text.Length > 1 && text[0] == '0' && char.IsAsciiDigit(text[1]) ? 1 : 0;
    }

    private void AddValue(ReadOnlySpan<char> text)
    {
        if (_hasTooManyValues)
        {
            return;
        }

        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> values = _values.GetAlternateLookup<ReadOnlySpan<char>>();
        _hasTooManyValues = _values.Count == MostValues && !values.ContainsKey(text);
        if (!_hasTooManyValues)
        {
            values[text] = values.TryGetValue(text, out long count) ? count + 1 : 1;
        }
    }

    private string? AdviceFor(long rows)
    {
        bool differs = _missing == 0 && rows >= FewRows && (_isCounting || (Kind == ColumnKind.Text && !_hasTooManyValues && _values.Count == rows));
        return _missing == rows ? "has no value: leave it out with --ignore"
            : Kind == ColumnKind.Number && _zeroPadded > 0 ? "numbers with leading zeros, such as postcodes, are names: give --text"
            : 2 * _dates > _texts && _texts > 0 ? "dates are not prepared: make numbers of them, or leave the column out with --ignore"
            : differs ? "differs in every row: it identifies rows; leave it out with --ignore"
            : Kind == ColumnKind.Text && _hasTooManyValues ? $"more than {MostValues} different texts: leave it out with --ignore"
            : null;
    }

    [GeneratedRegex(@"^(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})([T ].*)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Date { get; }
}
