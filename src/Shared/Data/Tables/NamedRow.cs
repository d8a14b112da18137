using System.Collections.Immutable;
using System.Globalization;

namespace NnCluster.Data;

/// <summary>One row as a table: values by the names of their columns.</summary>
internal sealed class NamedRow : TableSource
{
    private readonly ImmutableArray<object?> _values;
    private bool _isRead;

    /// <summary>A row of numbers, texts and nulls.</summary>
    /// <param name="values">The values; null stands for a missing one.</param>
    public NamedRow(IReadOnlyDictionary<string, object?> values)
        : base("the row")
    {
        Columns = [.. values.Keys.Select(name => ColumnNames.OnOneLine(name))];
        _values = [.. values.Values];
    }

    /// <inheritdoc/>
    public override ImmutableArray<string> Columns { get; }

    /// <inheritdoc/>
    public override bool HasNames => true;

    /// <inheritdoc/>
    public override string Place => "its values";

    /// <inheritdoc/>
    public override bool Read() => !_isRead && (_isRead = true);

    /// <inheritdoc/>
    public override bool IsMissing(int column) => _values[column] switch
    {
        null => true,
        double number => double.IsNaN(number),
        float number => float.IsNaN(number),
        string text => MissingValues.Contains(text.AsSpan().Trim()),
        _ => false,
    };

    /// <inheritdoc/>
    public override bool IsTyped(int column) => _values[column] is not (string or char);

    /// <inheritdoc/>
    public override bool TryGetNumber(int column, out double value)
    {
        string? text = _values[column] as string;
        if (text is not null)
        {
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
        }

        bool isNumber = _values[column] is IConvertible and not (string or char or DateTime);
        value = isNumber ? Convert.ToDouble(_values[column], CultureInfo.InvariantCulture) : double.NaN;
        return double.IsFinite(value);
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<char> GetText(int column) => Convert.ToString(_values[column], CultureInfo.InvariantCulture).AsSpan().Trim();

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
