using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>Reads the rows of a source into a <see cref="Table"/>.</summary>
internal sealed class TableReader
{
    // Rows that decide which columns are text.
    private const int SampleRows = 1000;
    // From here on, neighbouring float32 are at least 1/64 apart.
    private const double LargeNumber = 1 << 17;

    private const int RowsBetweenReports = 1 << 17;

    private readonly TableSource _source;
    private readonly TableOptions _options;
    private readonly string _path;
    private readonly int _target;
    private readonly int? _group;
    private readonly int[] _used;
    private readonly bool[] _isText;

    private TableReader(TableSource source, TableOptions options)
    {
        _source = source;
        _options = options;
        _path = source.Path;
        ImmutableArray<string> names = source.Columns;
        if (names.Length < 2)
        {
            throw new BadInputException(
                $"{_path}: only one column; expected at least two, features and a target"
                + (source is CsvTable ? ", separated by comma, semicolon, tab or |." : "."));
        }

        _target = options.Target is { } target ? ColumnNames.IndexOf(names, target, _path) : names.Length - 1;
        _group = options.Group is { } group ? ColumnNames.IndexOf(names, group, _path) : null;
        if (_group == _target)
        {
            throw new BadInputException($"{_path}: {names[_target]} is the target and cannot be the group.");
        }

        HashSet<int> unused = [_target, .. options.Ignore.Select(column => ColumnNames.IndexOf(names, column, _path))];
        if (_group is { } index)
        {
            unused.Add(index);
        }

        if (options.Ignore.Any(column => ColumnNames.IndexOf(names, column, _path) == _target))
        {
            throw new BadInputException($"{_path}: {names[_target]} is the target and cannot be ignored.");
        }

        _used = [.. Enumerable.Range(0, names.Length).Where(column => !unused.Contains(column))];
        if (_used.Length == 0)
        {
            throw new BadInputException($"{_path}: no column is left besides the target {names[_target]}; at least one feature is needed.");
        }

        _isText = new bool[names.Length];
        foreach (string column in options.Text)
        {
            _isText[ColumnNames.IndexOf(names, column, _path)] = true;
        }
    }

    /// <summary>Reads all rows of a source.</summary>
    /// <param name="source">The source.</param>
    /// <param name="options">Target, task and use of the columns.</param>
    /// <param name="cells">Creates the cells of a number of columns.</param>
    /// <exception cref="BadInputException">
    /// A column that was asked for is missing, or a value cannot be used; the message names it.
    /// </exception>
    public static Table Read(TableSource source, TableOptions options, Func<int, CellBlocks> cells) =>
        new TableReader(source, options).Read(cells);

    private Table Read(Func<int, CellBlocks> cells)
    {
        var sample = new RecordedRows(_source, [.. _used, _target, .. _group is { } index ? [index] : Array.Empty<int>()], SampleRows);
        var table = new Table
        {
            Path = _path,
            HasNames = _source.HasNames,
            HasLines = _source.HasLines,
            SourceColumns = _source.Columns.Length,
            Columns = [.. _used.Select(column => ColumnOf(column, sample))],
            Cells = cells(_used.Length),
            Advice = [.. _used.SelectMany(column => AdviceOn(column, sample))],
            Target = new(_path, _source.Columns[_target], _options.Task) { IsText = _isText[_target] },
            Groups = _group is { } group ? new(_source.Columns[group]) : null,
        };
        try
        {
            sample.Rewind();
            AddRows(table, sample);
            AddRows(table, _source);
            table.Cells.Complete();
            return table.Rows > 0 ? table : throw new BadInputException($"{_path} has no rows; expected at least one.");
        }
        catch
        {
            table.Dispose();
            throw;
        }
    }

    /// <summary>Advice on a column, by the first rows.</summary>
    private IEnumerable<string> AdviceOn(int column, RecordedRows sample)
    {
        var counter = new ColumnCounter(_source.Columns[column], _isText[column] ? ColumnKind.Text : _source.KindOf(column));
        sample.Rewind();
        while (sample.Read())
        {
            counter.Add(sample, column);
        }

        string within = sample.Count == SampleRows ? $"in the first {SampleRows} rows, " : "";
        return counter.ToDescription(sample.Count).Advice is { } advice ? [$"{Quoted.Plain(_source.Columns[column])}: {within}{advice}"] : [];
    }

    private Column ColumnOf(int column, RecordedRows sample)
    {
        List<(CellKind Kind, double Number, string Text, string Place)> values = [];
        sample.Rewind();
        while (sample.Read())
        {
            if (sample.Read(column, out double number) is var kind and not CellKind.Missing)
            {
                values.Add((kind, number, sample.GetText(column).ToString(), sample.Place));
            }
        }

        ColumnKind decided = KindOf(column, values);
        double[] numbers = [.. values.Where(value => value.Kind == CellKind.Number).Select(value => value.Number)];
        return new(_source.Columns[column], decided, OriginOf(numbers));
    }

    /// <summary>
    /// A column is text if the format or an option says so, or if at least half of its values in the first rows are no numbers.
    /// </summary>
    private ColumnKind KindOf(int column, List<(CellKind Kind, double Number, string Text, string Place)> values)
    {
        if (_isText[column])
        {
            return ColumnKind.Text;
        }

        if (_source.KindOf(column) is { } stated)
        {
            return stated;
        }

        int texts = 0;
        foreach ((_, _, string text, string place) in values.Where(value => value.Kind == CellKind.Text))
        {
            texts++;
            if (!TargetColumn.DecimalComma.IsMatch(text))
            {
                continue;
            }

            throw new BadInputException(
                $"{_path}, {place}: {_source.Columns[column]} has {Quoted.Text(text)}, with a comma; expected a decimal point and no separators of thousands.");
        }

        return texts > 0 && 2 * texts >= values.Count ? ColumnKind.Text : ColumnKind.Number;
    }

    /// <summary>
    /// The first number if all numbers of the sample are at least 2^17 in magnitude and their range is at most half of the least magnitude;
    /// else 0. float32 holds more digits of their distances than of the numbers.
    /// </summary>
    private static double OriginOf(double[] numbers)
    {
        double smallest = numbers.Select(Math.Abs).DefaultIfEmpty().Min();
        return smallest >= LargeNumber && numbers.Max() - numbers.Min() <= smallest / 2 ? numbers[0] : 0;
    }

    private void AddRows(Table table, TableSource source)
    {
        while (source.Read())
        {
            if (table.Rows == Array.MaxLength)
            {
                throw new BadInputException($"{_path} has more than {Array.MaxLength} rows, the most that a data set can have.");
            }

            AddRow(table, source);
            if (table.Rows % RowsBetweenReports == 0)
            {
                Report(table.Rows);
            }
        }
    }

    private void AddRow(Table table, TableSource source)
    {
        table.Target.Add(source, _target);
        if (_group is { } group)
        {
            table.Groups!.Add(source.GetText(group));
        }

        CellBlocks cells = table.Cells;
        Span<float> row = cells.CurrentRow;
        ReadOnlySpan<Column> columns = table.Columns.AsSpan();
        for (int i = 0; i < columns.Length; i++)
        {
            row[i * cells.Stride] = CellOf(columns[i], source, _used[i]);
        }

        cells.EndRow();
    }

    private float CellOf(Column column, TableSource source, int index)
    {
        CellKind kind = source.Read(index, out double number);
        if (kind == CellKind.Missing)
        {
            return column.MissingAt(source);
        }

        if (column.Kind == ColumnKind.Text)
        {
            int code = column.Texts.CodeOf(source.GetText(index));
            return code < Column.MostTexts ? code : throw new BadInputException(
                $"{_path}, {source.Place}: {column.Name} has more than {Column.MostTexts} different texts, such as "
                + $"{Quoted.Text(column.Texts[0])}: too many for categories (at most {PreparationFitter.MostCategories}); "
                + "leave the column out (--ignore).");
        }

        if (kind == CellKind.Text)
        {
            throw new BadInputException(
                $"{_path}, {source.Place}: {column.Name} has {Quoted.Text(source.GetText(index))}; "
                + $"expected a finite number as in its other rows. A missing value is {MissingValues.Names}."
                + (!_source.HasNames && _source.HasLines && source.Place == "line 1" ? " If line 1 has the names of the columns, say so (--header yes)." : ""));
        }

        return float.IsFinite((float)number) ? column.CellOf(number) : throw new BadInputException(
            $"{_path}, {source.Place}: {column.Name} has {number:R}, which is outside the range of float32.");
    }

    private void Report(long rows)
    {
        if (_options.Progress is { } progress)
        {
            string share = _source.Progress is { } read ? FormattableString.Invariant($", {100 * read:0} %") : "";
            progress.Report(new(Path.GetFileName(_path), FormattableString.Invariant($"read {rows:N0} rows{share}")));
        }
    }
}
