using System.Collections.Immutable;
using System.Globalization;

namespace NnCluster.Data;

/// <summary>
/// NumPy arrays side by side as one table: the columns of the first, then those of the next. An array with fields has their names;
/// columns of other arrays are called <c>column 1</c>, <c>column 2</c> and so on.
/// </summary>
internal sealed class NpyTable : TableSource
{
    private readonly ImmutableArray<NpyRows> _arrays;
    private readonly IDisposable? _owner;
    private readonly (NpyRows Array, int Column, NpyField Field)[] _columns;
    private long _read;

    /// <summary>A table of arrays with equal numbers of rows.</summary>
    /// <param name="path">The file, for messages.</param>
    /// <param name="arrays">The arrays; disposed with the table.</param>
    /// <param name="targetName">Name of the only column of the last array, if there are several; null: it has none.</param>
    /// <param name="owner">Disposed after the arrays; null: nothing.</param>
    public NpyTable(string path, ImmutableArray<NpyRows> arrays, string? targetName = null, IDisposable? owner = null)
        : base(path)
    {
        _arrays = arrays;
        _owner = owner;
        _columns = [.. arrays.SelectMany(array => Enumerable.Range(0, array.Columns).Select(column => (array, column, array.FieldOf(column))))];
        HasNames = arrays[0].Header.HasFields || targetName is not null;
        Columns = [.. _columns.Select((column, i) => ColumnNames.OnOneLine(column.Field.Name) is { Length: > 0 } name ? name
            : i == _columns.Length - 1 && targetName is not null ? targetName
            : $"column {i + 1}")];
        if (Columns.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(same => same.Count() > 1) is { } repeated)
        {
            throw new BadInputException($"{path}: two columns are named {Quoted.Text(repeated.Key)}; every column needs a name of its own.");
        }
    }

    /// <inheritdoc/>
    public override ImmutableArray<string> Columns { get; }

    /// <inheritdoc/>
    public override bool HasNames { get; }

    /// <inheritdoc/>
    public override string Place => $"row {_read}";

    /// <inheritdoc/>
    public override double? Progress => _arrays[0].Progress;

    /// <summary>Opens an array as a table.</summary>
    /// <param name="path">The array, for messages.</param>
    /// <param name="source">The array; disposed with the table.</param>
    /// <exception cref="BadInputException">It is damaged, or is no array of rows and columns.</exception>
    public static NpyTable Open(string path, Stream source)
    {
        var rows = NpyRows.Open(path, source);
        RequireTable(path, rows.Header);
        return new(path, [rows]);
    }

    /// <summary>Checks that an array has rows and columns.</summary>
    /// <exception cref="BadInputException">It has another number of dimensions; the message says how to change it.</exception>
    public static void RequireTable(string path, NpyHeader header)
    {
        int rank = header.Shape.Length;
        if (rank != 2 && !header.HasFields)
        {
            throw new BadInputException(
                $"{path} has the shape ({string.Join(", ", header.Shape)}{(rank == 1 ? "," : "")}); expected two dimensions, rows and columns with the "
                + (rank > 2 ? "target among them, such as a.reshape(len(a), -1)." : "target among them, such as numpy.column_stack((X, y))."));
        }
    }

    /// <inheritdoc/>
    public override ColumnKind? KindOf(int column)
    {
        NpyField field = _columns[column].Field;
        return field.IsNumber ? ColumnKind.Number : field.Name is null ? null : ColumnKind.Text;
    }

    /// <inheritdoc/>
    public override bool Read()
    {
        bool isRead = true;
        foreach (NpyRows array in _arrays)
        {
            isRead &= array.Read();
        }

        _read += isRead ? 1 : 0;
        return isRead;
    }

    /// <inheritdoc/>
    public override bool IsMissing(int column)
    {
        (NpyRows array, int index, NpyField field) = _columns[column];
        return field.IsNumber
            ? field.Kind == 'f' && double.IsNaN(field.ToNumber(array.ValueOf(index)))
            : MissingValues.Contains(GetText(column));
    }

    /// <inheritdoc/>
    public override bool TryGetNumber(int column, out double value)
    {
        (NpyRows array, int index, NpyField field) = _columns[column];
        if (field.IsNumber)
        {
            return double.IsFinite(value = field.ToNumber(array.ValueOf(index)));
        }

        return double.TryParse(GetText(column), NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<char> GetText(int column)
    {
        (NpyRows array, int index, NpyField field) = _columns[column];
        try
        {
            return field.ToText(array.ValueOf(index)).AsSpan().Trim();
        }
        catch (FormatException wrong)
        {
            throw new BadInputException($"{Path}, {Place}: {Columns[column]} has {wrong.Message}.", wrong);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (NpyRows array in _arrays)
        {
            array.Dispose();
        }

        _owner?.Dispose();
    }
}
