using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using NnCluster.Data;

namespace NnCluster.Cli.Serving;

/// <summary>The rows of a request as a table: JSON objects with a value for each column of a model, by its name.</summary>
internal sealed class JsonRows : TableSource
{
    private readonly JsonElement.ArrayEnumerator _rows;
    private readonly JsonElement[] _values;
    private readonly SortedSet<string> _unknown = new(StringComparer.Ordinal);
    private JsonElement.ArrayEnumerator _at;
    private int _row;

    /// <summary>The rows of an array.</summary>
    /// <param name="rows">An array of objects.</param>
    /// <param name="preparation">The model's preparation: its columns are those of the table.</param>
    public JsonRows(JsonElement rows, Preparation preparation)
        : base("the request")
    {
        _rows = rows.EnumerateArray();
        _at = _rows.GetEnumerator();
        Columns = [.. preparation.Columns.Select(column => column.Name)];
        _values = new JsonElement[Columns.Length];
    }

    /// <inheritdoc/>
    public override ImmutableArray<string> Columns { get; }

    /// <inheritdoc/>
    public override bool HasNames => true;

    /// <inheritdoc/>
    public override string Place => string.Create(CultureInfo.InvariantCulture, $"row {_row}");

    /// <summary>Members of the rows that the model does not use.</summary>
    public IReadOnlyCollection<string> Unknown => _unknown;

    /// <inheritdoc/>
    public override bool Read()
    {
        if (!_at.MoveNext())
        {
            return false;
        }

        _row++;
        JsonElement row = _at.Current;
        if (row.ValueKind != JsonValueKind.Object)
        {
            throw new BadInputException($"{Place} is {NameOf(row)}; expected an object with the values of the row by their columns.");
        }

        Array.Clear(_values);
        foreach (JsonProperty member in row.EnumerateObject())
        {
            int column = Columns.IndexOf(ColumnNames.OnOneLine(member.Name));
            if (column < 0)
            {
                _unknown.Add(member.Name);
            }
            else if (_values[column].ValueKind != JsonValueKind.Undefined)
            {
                throw new BadInputException($"{Place} has {Quoted.Text(member.Name)} twice.");
            }
            else
            {
                _values[column] = Scalar(member);
            }
        }

        int missing = Array.FindIndex(_values, value => value.ValueKind == JsonValueKind.Undefined);
        return missing < 0 ? true : throw new BadInputException(
            $"{Place} has no {Quoted.Text(Columns[missing])}, which the model needs; null stands for a missing value.");
    }

    /// <inheritdoc/>
    public override bool IsMissing(int column) => _values[column].ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.String => MissingValues.Contains(GetText(column)),
        _ => false,
    };

    /// <inheritdoc/>
    public override bool TryGetNumber(int column, out double value)
    {
        bool isNumber = _values[column].ValueKind switch
        {
            JsonValueKind.Number => _values[column].TryGetDouble(out value),
            JsonValueKind.String => double.TryParse(GetText(column), NumberStyles.Float, CultureInfo.InvariantCulture, out value),
            _ => double.IsFinite(value = double.NaN),
        };
        return isNumber && double.IsFinite(value);
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<char> GetText(int column) =>
        (_values[column].ValueKind == JsonValueKind.String ? _values[column].GetString() : _values[column].GetRawText()).AsSpan().Trim();

    /// <inheritdoc/>
    public override bool IsTyped(int column) => _values[column].ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _at.Dispose();
        _rows.Dispose();
    }

    private JsonElement Scalar(JsonProperty member) => member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array
        ? throw new BadInputException($"{Place}: {Quoted.Text(member.Name)} is {NameOf(member.Value)}; expected a number, a text or null.")
        : member.Value;

    private static string NameOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };
}
