using System.Buffers;
using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// Rows of a table as a model's preparation makes them: columns and classes are matched by name, columns that the model does not know are
/// ignored. Read once, in the order of the file.
/// </summary>
internal sealed class PreparedRows : IDisposable
{
    private readonly TableSource _source;
    private readonly Preparation _preparation;
    private readonly int[] _columns; // for each column of the preparation, its index in the source
    private readonly int? _target;
    private readonly Dictionary<string, int> _classOf;
    private readonly Dictionary<string, (string Text, string Place, int Rows)> _unknown = [];

    /// <summary>Matches the columns of a table.</summary>
    /// <param name="source">The table, which is disposed with this object.</param>
    /// <param name="preparation">The model's preparation.</param>
    /// <param name="needsTarget">Whether the table must have the target.</param>
    /// <exception cref="BadInputException">The table lacks a column; the message names it.</exception>
    public PreparedRows(TableSource source, Preparation preparation, bool needsTarget)
    {
        _source = source;
        _preparation = preparation;
        _classOf = preparation.Classes.Index().ToDictionary(item => item.Item, item => item.Index, StringComparer.Ordinal);
        bool isShort = source.Columns.Length == preparation.SourceColumns - 1 && preparation.Target == $"column {preparation.SourceColumns}";
        if (!preparation.HasNames && !source.HasNames && source.Columns.Length != preparation.SourceColumns && !isShort)
        {
            throw new BadInputException(
                $"{source.Path} has {source.Columns.Length} columns without names, and the model was trained on {preparation.SourceColumns}.");
        }

        string[] missing = [.. preparation.Columns.Select(column => column.Name).Where(name => !Has(name))];
        if (missing.Length > 0)
        {
            throw new BadInputException(
                $"{source.Path} has no column {ColumnNames.List(missing)}, which the model needs; it has {ColumnNames.List(source.Columns)}.");
        }

        _columns = [.. preparation.Columns.Select(column => source.Columns.IndexOf(column.Name))];
        _target = Has(preparation.Target) ? source.Columns.IndexOf(preparation.Target) : null;
        if (needsTarget && _target is null)
        {
            throw new BadInputException(
                $"{source.Path} has no column {preparation.Target}, the target of the model; it has {ColumnNames.List(source.Columns)}.");
        }

        Ignored = [.. source.Columns.Where((_, index) => index != _target && !_columns.Contains(index))];

        bool Has(string name) => source.Columns.Contains(name);
    }

    /// <summary>Opens a table whose rows a model is to answer for or to be measured with.</summary>
    /// <param name="path">The file.</param>
    /// <param name="preparation">The model's preparation.</param>
    /// <param name="needsTarget">Whether the table must have the target.</param>
    /// <exception cref="BadInputException">The file cannot be read, or lacks a column.</exception>
    public static PreparedRows Open(string path, Preparation preparation, bool needsTarget)
    {
        TableSource source = OpenSource(path, preparation);
        try
        {
            return new(source, preparation, needsTarget);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>Opens a table for a model: a first line with the names of its columns, or one that reads as names, is no row.</summary>
    /// <exception cref="BadInputException">The file cannot be read.</exception>
    public static TableSource OpenSource(string path, Preparation preparation) => TableFile.Open(
        path,
        preparation.HasNames ? HeaderKind.Auto : HeaderKind.No,
        [.. preparation.Columns.Select(column => column.Name)]);

    /// <summary>Writes the features of all rows of a table as a model's preparation makes them.</summary>
    /// <returns>Class or target of each row, and lines about the table.</returns>
    public static (int[] Labels, float[] Targets, ImmutableArray<string> Notes) ReadAll(
        string path, Preparation preparation, IBufferWriter<float> features)
    {
        using PreparedRows rows = Open(path, preparation, needsTarget: true);
        int width = preparation.Features;
        List<int> labels = [];
        List<float> targets = [];
        while (rows.Read(features.GetSpan(width)[..width]))
        {
            features.Advance(width);
            if (preparation.Task == ModelTask.Classification)
            {
                labels.Add(rows.ReadClass());
            }
            else
            {
                targets.Add(preparation.ToOutput(rows.ReadTarget()));
            }
        }

        if (labels.Count + targets.Count == 0)
        {
            throw new BadInputException($"{path} has no rows.");
        }

        ImmutableArray<string> notes = rows.Ignored.IsEmpty
            ? [.. rows.Warnings]
            : [$"{Path.GetFileName(path)}: {ColumnNames.List(rows.Ignored)}: not used by the model", .. rows.Warnings];
        return ([.. labels], [.. targets], notes);
    }

    /// <summary>Columns of the table that the model does not use.</summary>
    public ImmutableArray<string> Ignored { get; }

    /// <summary>Whether the table has the model's target.</summary>
    public bool HasTarget => _target is not null;

    /// <summary>One line for each column of text with values that are in no training row.</summary>
    public IEnumerable<string> Warnings => _unknown.Select(column =>
        $"{_source.Path}, {column.Value.Place}: {column.Key} has {Quoted.Text(column.Value.Text)}, which is no category of the training rows"
        + (column.Value.Rows > 1 ? $"; {column.Value.Rows} rows have such a text" : "") + ". All features of the column are 0 there.");

    /// <summary>Reads a row.</summary>
    /// <param name="features">Receives the model's inputs, (features).</param>
    /// <returns>False after the last row.</returns>
    /// <exception cref="BadInputException">A value is missing and refused, or is no number; the message names place and column.</exception>
    public bool Read(Span<float> features)
    {
        if (!_source.Read())
        {
            return false;
        }

        int offset = 0;
        for (int i = 0; i < _columns.Length; i++)
        {
            InputColumn column = _preparation.Columns[i];
            Encode(column, _columns[i], features.Slice(offset, column.Features));
            offset += column.Features;
        }

        return true;
    }

    /// <summary>Class of the current row.</summary>
    /// <exception cref="BadInputException">It is none of the model's classes.</exception>
    public int ReadClass()
    {
        if (_source.IsMissing(_target!.Value))
        {
            throw new BadInputException($"{_source.Path}, {_source.Place}: the target {_preparation.Target} is missing; every row needs one.");
        }

        string text = AnswerText();
        if (_classOf.TryGetValue(text, out int label))
        {
            return label;
        }

        throw new BadInputException(
            $"{_source.Path}, {_source.Place}: the target {_preparation.Target} is {Quoted.Text(text)}; "
            + $"the model's classes are {ColumnNames.List(_preparation.Classes)}.");
    }

    /// <summary>Target of the current row, in its unit.</summary>
    /// <exception cref="BadInputException">It is no number.</exception>
    public double ReadTarget() => !_source.IsMissing(_target!.Value) && _source.TryGetNumber(_target.Value, out double value)
        ? value
        : throw new BadInputException(
            $"{_source.Path}, {_source.Place}: the target {_preparation.Target} is {Quoted.Text(_source.GetText(_target.Value))}; "
            + "expected a finite number.");

    /// <inheritdoc/>
    public void Dispose() => _source.Dispose();

    /// <summary>The class as it is written, or else the name of its number.</summary>
    private string AnswerText()
    {
        string text = _source.GetText(_target!.Value).ToString();
        return !_classOf.ContainsKey(text) && _source.TryGetNumber(_target.Value, out double number) ? TargetColumn.NameOf(number) : text;
    }

    private void Encode(InputColumn column, int index, Span<float> features)
    {
        if (_source.IsMissing(index))
        {
            if (!column.TryEncodeMissing(features))
            {
                throw new BadInputException(
                    $"{_source.Path}, {_source.Place}: {column.Name} is missing; the model was trained without missing values there.");
            }

            return;
        }

        if (column is NumberColumn number)
        {
            features[0] = _source.TryGetNumber(index, out double value) && float.IsFinite(number.Encode(value))
                ? number.Encode(value)
                : throw new BadInputException(
                    $"{_source.Path}, {_source.Place}: {column.Name} has {Quoted.Text(_source.GetText(index))}; expected a finite number.");
            return;
        }

        var category = (CategoryColumn)column;
        if (!category.TryEncode(_source.GetText(index), features)
            && !(_source.IsTyped(index) && category.TryEncodeTyped(_source.GetText(index), features)))
        {
            (string Text, string Place, int Rows) first = _unknown.GetValueOrDefault(
                column.Name, (_source.GetText(index).ToString(), _source.Place, 0));
            _unknown[column.Name] = first with { Rows = first.Rows + 1 };
        }
    }
}
