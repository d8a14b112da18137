using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace NnCluster.Data;

/// <summary>Target and task of a table, its parts, and the preparation of its columns.</summary>
public sealed record TableOptions
{
    /// <summary>The column to answer, by name or by its number from 1; null: the last.</summary>
    public string? Target { get; init; }

    /// <summary>Meaning of the first line of a CSV or TSV file.</summary>
    public HeaderKind Header { get; init; }

    /// <summary>The task; null: text or at most 20 different integers make a classification, other numbers a regression.</summary>
    public ModelTask? Task { get; init; }

    /// <summary>Columns that are not used, by name or number.</summary>
    public ImmutableArray<string> Ignore { get; init; } = [];

    /// <summary>Columns whose values are names of categories even if they look like numbers, by name or number.</summary>
    public ImmutableArray<string> Text { get; init; } = [];

    /// <summary>Column whose rows of equal value are never in two parts of the data set, by name or number; it is no feature. Null: none.</summary>
    public string? Group { get; init; }

    /// <summary>Division of the rows into training, validation and test rows.</summary>
    public SplitOptions Splits { get; init; } = new();

    /// <summary>Table of all test rows; null: they are drawn from the rows of the table.</summary>
    public string? TestFile { get; init; }

    /// <summary>Table of all validation rows; null: they are drawn from the training rows.</summary>
    public string? ValidationFile { get; init; }

    /// <summary>How columns become features.</summary>
    public PreparationOptions Preparation { get; init; } = new();

    /// <summary>Size and colours, where the data set is a directory of images; its parts are those of <see cref="Splits"/>.</summary>
    public ImageOptions Images { get; init; } = new();

    /// <summary>Receives the progress of long reads; null: no reports.</summary>
    [JsonIgnore]
    public IProgress<DatasetProgress>? Progress { get; init; }

    /// <summary>Whether a property was set on purpose, even to its default.</summary>
    internal Func<PropertyName, bool> IsGiven { get; init; } = _ => false;
}
