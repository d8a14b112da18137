using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>A table in a file, read once, row by row. Each format has one derived class.</summary>
/// <param name="path">The file, for messages.</param>
internal abstract class TableSource(string path) : IDisposable
{
    /// <summary>The file, for messages.</summary>
    public string Path { get; } = path;

    /// <summary>Names of the columns; <c>column 1</c>, <c>column 2</c>, … where the file has none.</summary>
    public abstract ImmutableArray<string> Columns { get; }

    /// <summary>Whether the names of the columns are in the file.</summary>
    public abstract bool HasNames { get; }

    /// <summary>Place of the current row in the file, for messages: <c>line 5</c>, <c>row 4</c>.</summary>
    public abstract string Place { get; }

    /// <summary>Share of the file that was read, 0 to 1; null if unknown.</summary>
    public virtual double? Progress => null;

    /// <summary>Kind of a column as the format states it; null if only the values show it.</summary>
    public virtual ColumnKind? KindOf(int column) => null;

    /// <summary>Whether the file is text, whose first line may be names or a row.</summary>
    public virtual bool HasLines => false;

    /// <summary>Whether the values of a column can be read; else an attempt throws, so that the column must be left out.</summary>
    public virtual bool IsReadable(int column) => true;

    /// <summary>Advances to the next row.</summary>
    /// <returns>False after the last row.</returns>
    /// <exception cref="BadInputException">The file is damaged; the message names the place.</exception>
    public abstract bool Read();

    /// <summary>Reads a value of the current row.</summary>
    /// <param name="column">Index of the column.</param>
    /// <param name="number">Receives the value if it is a number.</param>
    public virtual CellKind Read(int column, out double number)
    {
        if (IsMissing(column))
        {
            number = double.NaN;
            return CellKind.Missing;
        }

        return TryGetNumber(column, out number) ? CellKind.Number : CellKind.Text;
    }

    /// <summary>Whether the current row has no value in a column.</summary>
    public abstract bool IsMissing(int column);

    /// <summary>Reads a value of the current row as a number; a value that is not finite is no number.</summary>
    public abstract bool TryGetNumber(int column, out double value);

    /// <summary>A value of the current row as text; valid until the next call.</summary>
    public abstract ReadOnlySpan<char> GetText(int column);

    /// <summary>Whether the value of the current row came as a number or a Boolean, which files write as text in several ways.</summary>
    public virtual bool IsTyped(int column) => false;

    /// <inheritdoc/>
    public abstract void Dispose();
}

/// <summary>Kind of one value of a table.</summary>
internal enum CellKind
{
    /// <summary>There is none.</summary>
    Missing,

    /// <summary>A finite number.</summary>
    Number,

    /// <summary>Anything else.</summary>
    Text,
}
