using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>A table in memory: the columns that may become features, the target, and the groups.</summary>
internal sealed class Table
{
    // Rows that decide which columns are text.
    private const int SampleRows = 1000;
    // From here on, float32 is too coarse for distances of hundredths.
    private const double LargeNumber = 1 << 17;

    private const int RowsBetweenReports = 1 << 17;

    private readonly TableSource _source;
    private readonly TableOptions _options;
    private readonly int _target;
    private readonly int? _group;
    private readonly int[] _used;
    private readonly bool[] _isText;
    private readonly Func<string> _currentPlace;

    private Table(TableSource source, TableOptions options)
    {
        _source = source;
        // Created once: a lambda at its uses would be allocated for every number of the table.
        _currentPlace = () => source.Place;
        _options = options;
        Path = source.Path;
        HasNames = source.HasNames;
        ImmutableArray<string> names = source.Columns;
        if (names.Length < 2)
        {
            throw new BadInputException(
                $"{Path}: only one column; expected features and a target, separated by comma, semicolon, tab or |.");
        }

        _target = options.Target is { } target ? ColumnNames.IndexOf(names, target, Path) : names.Length - 1;
        _group = options.Group is { } group ? ColumnNames.IndexOf(names, group, Path) : null;
        HashSet<int> unused = [_target, .. options.Ignore.Select(column => ColumnNames.IndexOf(names, column, Path))];
        if (_group is { } index)
        {
            unused.Add(index);
        }

        if (options.Ignore.Any(column => ColumnNames.IndexOf(names, column, Path) == _target))
        {
            throw new BadInputException($"{Path}: {names[_target]} is the target and cannot be ignored.");
        }

        _used = [.. Enumerable.Range(0, names.Length).Where(column => !unused.Contains(column))];
        if (_used.Length == 0)
        {
            throw new BadInputException($"{Path}: no column is left besides the target {names[_target]}; at least one feature is needed.");
        }

        _isText = new bool[names.Length];
        foreach (string column in options.Text)
        {
            _isText[ColumnNames.IndexOf(names, column, Path)] = true;
        }

        Target = new(Path, names[_target], options.Task) { IsText = _isText[_target] };

        Groups = _group is { } of ? new(names[of], ColumnKind.Text) : null;
    }

    /// <summary>The file, for messages.</summary>
    public string Path { get; }

    /// <summary>Whether the names of the columns are in the file.</summary>
    public bool HasNames { get; }

    /// <summary>Number of columns of the file.</summary>
    public int SourceColumns => _source.Columns.Length;

    /// <summary>Columns that may become features, in the order of the file.</summary>
    public ImmutableArray<Column> Columns { get; private set; } = [];

    /// <summary>The target.</summary>
    public TargetColumn Target { get; }

    /// <summary>Group of each row; null if the table has none.</summary>
    public Column? Groups { get; }

    /// <summary>Number of rows.</summary>
    public int Rows => Target.Rows;

    /// <summary>Reads all rows of a source.</summary>
    /// <exception cref="BadInputException">A column that was asked for is missing, or a value cannot be used; the message names it.</exception>
    public static Table Read(TableSource source, TableOptions options)
    {
        var table = new Table(source, options);
        table.ReadRows();
        return table.Rows > 0 ? table : throw new BadInputException($"{source.Path} has names of columns and no rows.");
    }

    private void ReadRows()
    {
        List<Cell[]> sample = ReadSample();
        Columns = [.. _used.Select((column, i) => new Column(_source.Columns[column], KindOf(column, i, sample), OriginOf(sample.Select(row => row[i].Number))))];
        foreach (Cell[] row in sample)
        {
            for (int i = 0; i < row.Length; i++)
            {
                Add(Columns[i], row[i].IsMissing, row[i].Number, row[i].Text, row[i].Place);
            }
        }

        for (long row = sample.Count; _source.Read(); row++)
        {
            AddRow();
            if (row % RowsBetweenReports == 0)
            {
                Report(row);
            }
        }
    }

    private List<Cell[]> ReadSample()
    {
        List<Cell[]> rows = [];
        while (rows.Count < SampleRows && _source.Read())
        {
            AddAnswer();
            string place = _source.Place;
            rows.Add([.. _used.Select(column => new Cell(
                _source.IsMissing(column),
                _source.TryGetNumber(column, out double number) ? number : null,
                _source.GetText(column).ToString(),
                place))]);
        }

        return rows;
    }

    /// <summary>
    /// A column is text if the format or an option says so, or if at least half of its values in the first rows are no numbers.
    /// </summary>
    private ColumnKind KindOf(int column, int index, List<Cell[]> sample)
    {
        if (_isText[column])
        {
            return ColumnKind.Text;
        }

        if (_source.KindOf(column) is { } stated)
        {
            return stated;
        }

        Cell[] values = [.. sample.Select(row => row[index]).Where(cell => !cell.IsMissing)];
        Cell[] texts = [.. values.Where(cell => cell.Number is null)];
        foreach (Cell cell in texts.Where(cell => TargetColumn.DecimalComma.IsMatch(cell.Text)).Take(1))
        {
            throw new BadInputException(
                $"{Path}, {cell.Place}: {_source.Columns[column]} has {Quoted.Text(cell.Text)}, with a decimal comma; expected a decimal point.");
        }

        return texts.Length > 0 && 2 * texts.Length >= values.Length ? ColumnKind.Text : ColumnKind.Number;
    }

    /// <summary>
    /// The first number if all in the first rows are large and close together: their distances have more digits in float32 than they have.
    /// </summary>
    private static double OriginOf(IEnumerable<double?> numbers)
    {
        double[] present = [.. numbers.OfType<double>()];
        double smallest = present.Select(Math.Abs).DefaultIfEmpty().Min();
        return smallest >= LargeNumber && present.Max() - present.Min() <= smallest / 2 ? present[0] : 0;
    }

    private void AddRow()
    {
        AddAnswer();
        for (int i = 0; i < _used.Length; i++)
        {
            int column = _used[i];
            Column to = Columns[i];
            if (_source.IsMissing(column))
            {
                to.AddMissing(_currentPlace);
            }
            else if (to.Kind == ColumnKind.Text)
            {
                to.Add(_source.GetText(column));
            }
            else if (_source.TryGetNumber(column, out double number))
            {
                AddNumber(to, number, _currentPlace);
            }
            else
            {
                throw NoNumber(to, _source.GetText(column).ToString(), _source.Place);
            }
        }
    }

    private void Add(Column to, bool isMissing, double? number, string text, string place)
    {
        if (isMissing)
        {
            to.AddMissing(() => place);
        }
        else if (to.Kind == ColumnKind.Text)
        {
            to.Add(text);
        }
        else
        {
            AddNumber(to, number ?? throw NoNumber(to, text, place), () => place);
        }
    }

    private void AddNumber(Column to, double number, Func<string> place)
    {
        if (!float.IsFinite((float)number))
        {
            throw new BadInputException($"{Path}, {place()}: {to.Name} has {number:R}, which is outside the range of float32.");
        }

        to.Add(number);
    }

    private BadInputException NoNumber(Column column, string text, string place) => new(
        $"{Path}, {place}: {column.Name} has {Quoted.Text(text)}; expected a finite number as in its other rows. "
        + $"A missing value is {MissingValues.Names}.");

    private void AddAnswer()
    {
        Target.Add(_source, _target);
        if (_group is { } group)
        {
            Groups!.Add(_source.GetText(group));
        }
    }

    private void Report(long rows)
    {
        if (_options.Progress is { } progress)
        {
            string share = _source.Progress is { } read ? FormattableString.Invariant($", {100 * read:0} %") : "";
            progress.Report(new(System.IO.Path.GetFileName(Path), FormattableString.Invariant($"read {rows:N0} rows{share}")));
        }
    }

    private readonly record struct Cell(bool IsMissing, double? Number, string Text, string Place);
}
