using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Serialization;

namespace NnCluster.Data;

/// <summary>A column of a table and the features that it becomes.</summary>
/// <param name="Name">Name of the column.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(NumberColumn), "number")]
[JsonDerivedType(typeof(CategoryColumn), "categories")]
public abstract record InputColumn(string Name)
{
    /// <summary>Number of features that the column becomes.</summary>
    [JsonIgnore]
    public abstract int Features { get; }

    /// <summary>Writes the features of a missing value to <paramref name="features"/>, (<see cref="Features"/>).</summary>
    /// <returns>False if missing values are refused.</returns>
    internal abstract bool TryEncodeMissing(Span<float> features);
}

/// <summary>A column of numbers: one feature, (x − <see cref="Shift"/>) · <see cref="Scale"/>, computed in double precision.</summary>
/// <param name="Name">Name of the column.</param>
public sealed record NumberColumn(string Name) : InputColumn(Name)
{
    /// <summary>Numbers are rounded to float32 by their distance from this one.</summary>
    public double Origin { get; init; }

    /// <summary>Number that becomes 0.</summary>
    public double Shift { get; init; }

    /// <summary>Reciprocal of the unit of the feature.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>Number in place of a missing value; null: a missing value is an error.</summary>
    public double? Fill { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override int Features => 1;

    /// <summary>The feature of a number, which is rounded first, as a table in memory holds it.</summary>
    internal float Encode(double value) => (float)((Origin + (float)(value - Origin) - Shift) * Scale);

    /// <inheritdoc/>
    internal override bool TryEncodeMissing(Span<float> features)
    {
        features[0] = Encode(Fill ?? 0);
        return Fill is not null;
    }
}

/// <summary>A column of text: one feature for each category, 1 in its rows and 0 elsewhere.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Categories">The texts of the training rows, by code points.</param>
public sealed record CategoryColumn(string Name, ImmutableArray<string> Categories) : InputColumn(Name)
{
    private readonly Lazy<Dictionary<string, int>> _codes =
        new(() => Categories.Index().ToDictionary(category => category.Item, category => category.Index, StringComparer.Ordinal));

    /// <summary>Category in place of a missing value; null: a missing value is an error.</summary>
    public string? Fill { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public override int Features => Categories.Length;

    /// <inheritdoc/>
    public bool Equals(CategoryColumn? other) =>
        other is not null && Name == other.Name && Fill == other.Fill && Categories.SequenceEqual(other.Categories);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Fill, Categories.Length);

    /// <summary>Writes the features of a text to <paramref name="features"/>; all are 0 for a text that is no category.</summary>
    /// <returns>Whether it is a category.</returns>
    internal bool TryEncode(ReadOnlySpan<char> text, Span<float> features)
    {
        features.Clear();
        if (!_codes.Value.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out int code))
        {
            return false;
        }

        features[code] = 1;
        return true;
    }

    /// <summary>
    /// Writes the features of a number or a Boolean in a column of text: of the first category that is the same but for its writing, such as
    /// <c>1.0</c> for 1 and <c>True</c> for true.
    /// </summary>
    /// <returns>Whether there is such a category.</returns>
    internal bool TryEncodeTyped(ReadOnlySpan<char> text, Span<float> features)
    {
        bool isNumber = TryParse(text, out double number);
        foreach ((int code, string category) in Categories.Index())
        {
            if (text.Equals(category, StringComparison.OrdinalIgnoreCase) || (isNumber && TryParse(category, out double other) && other == number))
            {
                features.Clear();
                features[code] = 1;
                return true;
            }
        }

        return false;
    }

    private static bool TryParse(ReadOnlySpan<char> text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    /// <inheritdoc/>
    internal override bool TryEncodeMissing(Span<float> features) => TryEncode(Fill, features) && Fill is not null;
}
