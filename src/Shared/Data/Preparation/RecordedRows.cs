using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>The first rows of a table, kept in memory so that they can be read twice.</summary>
internal sealed class RecordedRows : TableSource
{
    private readonly TableSource _source;
    private readonly List<(string Place, Cell[] Cells)> _rows = [];
    private readonly int[] _indices; // of each column of the source in a row; -1: not kept
    private int _current = -1;

    /// <summary>Reads rows from a source.</summary>
    /// <param name="source">The table.</param>
    /// <param name="columns">Columns that are kept.</param>
    /// <param name="count">Most rows.</param>
    public RecordedRows(TableSource source, IReadOnlyCollection<int> columns, int count)
        : base(source.Path)
    {
        _source = source;
        _indices = new int[source.Columns.Length];
        foreach ((int index, int column) in columns.Distinct().Index())
        {
            _indices[column] = index;
        }

        int[] kept = [.. columns.Distinct()];
        while (_rows.Count < count && source.Read())
        {
            _rows.Add((source.Place, [.. kept.Select(column =>
            {
                CellKind kind = source.Read(column, out double number);
                return new Cell(kind, number, source.GetText(column).ToString());
            })]));
        }
    }

    /// <inheritdoc/>
    public override ImmutableArray<string> Columns => _source.Columns;

    /// <inheritdoc/>
    public override bool HasNames => _source.HasNames;

    /// <inheritdoc/>
    public override string Place => _rows[_current].Place;

    /// <inheritdoc/>
    public override ColumnKind? KindOf(int column) => _source.KindOf(column);

    /// <summary>Number of rows.</summary>
    public int Count => _rows.Count;

    /// <summary>Goes back before the first row.</summary>
    public void Rewind() => _current = -1;

    /// <inheritdoc/>
    public override bool Read() => ++_current < _rows.Count;

    /// <inheritdoc/>
    public override CellKind Read(int column, out double number)
    {
        Cell cell = CellAt(column);
        number = cell.Number;
        return cell.Kind;
    }

    /// <inheritdoc/>
    public override bool IsMissing(int column) => CellAt(column).Kind == CellKind.Missing;

    /// <inheritdoc/>
    public override bool TryGetNumber(int column, out double value) => Read(column, out value) == CellKind.Number;

    /// <inheritdoc/>
    public override ReadOnlySpan<char> GetText(int column) => CellAt(column).Text;

    /// <summary>Does nothing: the source belongs to another object.</summary>
    public override void Dispose()
    {
    }

    private Cell CellAt(int column) => _rows[_current].Cells[_indices[column]];

    private readonly record struct Cell(CellKind Kind, double Number, string Text);
}
