using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>A table that was read: the columns that may become features, the target, and the groups.</summary>
internal sealed class Table : IDisposable
{
    /// <summary>The file, for messages.</summary>
    public required string Path { get; init; }

    /// <summary>Whether the names of the columns are in the file.</summary>
    public required bool HasNames { get; init; }

    /// <summary>Whether the file is text, whose first line may be names or a row.</summary>
    public required bool HasLines { get; init; }

    /// <summary>Number of columns of the file.</summary>
    public required int SourceColumns { get; init; }

    /// <summary>Columns that may become features, in the order of the file.</summary>
    public required ImmutableArray<Column> Columns { get; init; }

    /// <summary>Cells of <see cref="Columns"/>; disposed with this object.</summary>
    public required CellBlocks Cells { get; init; }

    /// <summary>The target.</summary>
    public required TargetColumn Target { get; init; }

    /// <summary>Group of each row; null if the table has none.</summary>
    public required GroupColumn? Groups { get; init; }

    /// <summary>Advice on columns, such as dates or row numbers.</summary>
    public ImmutableArray<string> Advice { get; init; } = [];

    /// <summary>Number of rows.</summary>
    public int Rows => Target.Rows;

    /// <summary>Frees the cells.</summary>
    public void Dispose() => Cells.Dispose();
}

/// <summary>The column whose rows of equal value stay together.</summary>
/// <param name="name">Name of the column.</param>
internal sealed class GroupColumn(string name)
{
    private readonly InternedTexts _texts = new();
    private readonly ChunkedList<int> _codes = new();

    /// <summary>Name of the column.</summary>
    public string Name { get; } = name;

    /// <summary>Group of a row, from 0, in order of first appearance.</summary>
    public int this[int row] => _codes[row];

    /// <summary>Appends the group of a row.</summary>
    public void Add(ReadOnlySpan<char> text) => _codes.Add(_texts.CodeOf(text));
}
