using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NnCluster.Data;

/// <summary>
/// How a row of a table becomes the inputs of a model, and the outputs of the model become an answer. Fitted on training rows and
/// stored with the model. Immutable and thread-safe.
/// </summary>
public sealed record Preparation
{
    /// <summary>Kind of the answers of the model.</summary>
    public required ModelTask Task { get; init; }

    /// <summary>Name of the column that the model answers.</summary>
    public required string Target { get; init; }

    /// <summary>Columns that become features, in the order of the features.</summary>
    public required ImmutableArray<InputColumn> Columns { get; init; }

    /// <summary>Whether the columns have names; without names their position in the file counts.</summary>
    public bool HasNames { get; init; } = true;

    /// <summary>Number of columns of the table, those that are not used included.</summary>
    public int SourceColumns { get; init; }

    /// <summary>Names of the classes; empty for a regression.</summary>
    public ImmutableArray<string> Classes { get; init; } = [];

    /// <summary>Training rows of each class, (classes): the baseline that a model is compared with; empty for a regression.</summary>
    public ImmutableArray<long> ClassRows { get; init; } = [];

    /// <summary>Regression: mean of the training targets, in their unit: the baseline that a model is compared with.</summary>
    public double BaselineTarget { get; init; }

    /// <summary>Regression: target of output 0, in the target's unit.</summary>
    public double TargetMean { get; init; }

    /// <summary>Regression: unit of the outputs, in the target's unit.</summary>
    public double TargetScale { get; init; } = 1;

    /// <summary>Number of features of a row.</summary>
    [JsonIgnore]
    public int Features => Columns.Sum(column => column.Features);

    /// <summary>The target of an output of a regression: output · <see cref="TargetScale"/> + <see cref="TargetMean"/>.</summary>
    public double ToTarget(float output) => (output * TargetScale) + TargetMean;

    /// <summary>The output that a target of a regression asks for.</summary>
    internal float ToOutput(double target) => (float)((target - TargetMean) / TargetScale);

    /// <summary>Checks that a model has the inputs and outputs of this preparation.</summary>
    /// <exception cref="BadInputException">It has others: the file was changed.</exception>
    internal void RequireFits(int inputs, int outputs, string source)
    {
        int answers = Task == ModelTask.Regression ? 1 : Classes.Length;
        if (inputs != Features || outputs != answers)
        {
            throw new BadInputException(
                $"{source}: its preparation has {Features} features and {answers} outputs, and its model {inputs} and {outputs}.");
        }
    }

    private bool IsValid =>
        Enum.IsDefined(Task)
        && !Columns.IsDefaultOrEmpty
        && Columns.All(column => column switch
        {
            NumberColumn number => double.IsFinite(number.Origin) && double.IsFinite(number.Shift) && double.IsFinite(number.Scale)
                && double.IsFinite(number.Fill ?? 0),
            CategoryColumn text => !text.Categories.IsDefaultOrEmpty && AreNames(text.Categories)
                && (text.Fill is null || text.Categories.Contains(text.Fill)),
            _ => false,
        })
        && !Classes.IsDefault && !ClassRows.IsDefault && ClassRows.Length == Classes.Length && AreNames(Classes)
        && (Task == ModelTask.Regression
            ? Classes.IsEmpty && double.IsFinite(BaselineTarget) && double.IsFinite(TargetMean) && double.IsFinite(TargetScale) && TargetScale > 0
            : Classes.Length >= 2 && ClassRows.All(rows => rows is >= 0 and <= int.MaxValue) && ClassRows.Any(rows => rows > 0));

    private static bool AreNames(ImmutableArray<string> names) =>
        names.All(name => name is not null) && names.Distinct(StringComparer.Ordinal).Count() == names.Length;

    /// <inheritdoc/>
    public bool Equals(Preparation? other) => other is not null && ToJson() == other.ToJson();

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Task, Target, Columns.Length);

    /// <summary>One JSON object on one line; docs/files.md describes it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, PreparationJson.Default.Preparation);

    /// <summary>Reads the JSON of <see cref="ToJson"/>.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="source">Name of its source, for messages.</param>
    /// <exception cref="BadInputException">It is no preparation.</exception>
    public static Preparation Parse(string json, string source)
    {
        try
        {
            Preparation preparation = JsonSerializer.Deserialize(json, PreparationJson.Default.Preparation)
                ?? throw new BadInputException($"{source}: its preparation is null.");
            return preparation.IsValid ? preparation : throw new BadInputException(
                $"{source}: its preparation is damaged: a column, class, number or fill in it is missing, repeated or not finite.");
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException)
        {
            throw new BadInputException($"{source}: its preparation cannot be read: {wrong.Message}", wrong);
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Preparation))]
internal sealed partial class PreparationJson : JsonSerializerContext;
