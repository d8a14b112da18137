using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace NnCluster.Model;

/// <summary>
/// The JSON form: camelCase members and names like <c>leaky-relu</c>. A member that the text lacks takes its default, so
/// files of older versions stay readable; an unknown member is refused. Comments and trailing commas are allowed.
/// </summary>
public sealed partial record ModelSpec
{
    private static readonly JsonSerializerOptions JsonOptions = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Converters = { SpecNames.Converter },
        TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutSizes } },
    };

    /// <summary>The name of an enum value in files and on the command line: <c>leaky-relu</c>.</summary>
    public static string NameOf<TKind>(TKind kind)
        where TKind : struct, Enum => SpecNames.Of(kind);

    /// <summary>The names of all values of an enum.</summary>
    public static ImmutableArray<string> NamesOf<TKind>()
        where TKind : struct, Enum => [.. Enum.GetValues<TKind>().Select(NameOf)];

    /// <summary>Reads and checks a model specification for a data set.</summary>
    /// <param name="path">A JSON file. It may leave inputs and outputs out.</param>
    /// <param name="inputs">Features of the data set; the file's value must agree.</param>
    /// <param name="outputs">Classes or targets of the data set; the file's value must agree.</param>
    /// <exception cref="BadInputException">The file cannot be read, or holds no model for that data set.</exception>
    public static ModelSpec Read(string path, int inputs, int outputs)
    {
        string json;
        try
        {
            json = File.ReadAllText(path);
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new BadInputException($"The model file '{path}' cannot be read: {exception.Message}", exception);
        }

        return Parse(json, path, inputs, outputs);
    }

    /// <summary>Reads and checks the JSON text of a model.</summary>
    /// <param name="json">One object.</param>
    /// <param name="source">Name of the text in errors: a path.</param>
    /// <param name="inputs">Features of the data set; null if the text must say.</param>
    /// <param name="outputs">Classes or targets of the data set; null if the text must say.</param>
    /// <exception cref="BadInputException">The text is not a valid model; the message names source and member.</exception>
    public static ModelSpec Parse(string json, string source, int? inputs = null, int? outputs = null)
    {
        try
        {
            ModelSpec spec = Deserialize(json, out bool hasInputs, out bool hasOutputs);
            spec = spec with
            {
                Inputs = Agree("inputs", hasInputs ? spec.Inputs : null, inputs),
                Outputs = Agree("outputs", hasOutputs ? spec.Outputs : null, outputs),
            };
            spec.Validate();
            return spec;
        }
        catch (BadInputException exception)
        {
            throw new BadInputException($"The model '{source}' is not valid: {exception.Message}", exception);
        }
    }

    /// <summary>The model as one line of JSON that <see cref="Parse"/> reads back to an equal one.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, JsonOptions);

    private static ModelSpec Deserialize(string json, out bool hasInputs, out bool hasOutputs)
    {
        try
        {
            using var document = JsonDocument.Parse(
                json, new() { CommentHandling = JsonOptions.ReadCommentHandling, AllowTrailingCommas = JsonOptions.AllowTrailingCommas });
            JsonElement root = document.RootElement;
            SpecCheck.Require(
                root.ValueKind == JsonValueKind.Object, $"expected an object, found {root.ValueKind.ToString().ToLowerInvariant()}");
            hasInputs = root.TryGetProperty("inputs", out _);
            hasOutputs = root.TryGetProperty("outputs", out _);
        }
        catch (JsonException exception)
        {
            int position = exception.Message.IndexOf(" LineNumber: ", StringComparison.Ordinal);
            throw new BadInputException((position < 0 ? exception.Message : exception.Message[..position]) + LineOf(exception), exception);
        }

        try
        {
            return JsonSerializer.Deserialize<ModelSpec>(json, JsonOptions)!;
        }
        catch (JsonException exception)
        {
            throw new BadInputException(Describe(exception), exception);
        }
    }

    /// <summary>A text may leave inputs and outputs to the data set.</summary>
    private static void LeaveOutSizes(JsonTypeInfo type)
    {
        foreach (JsonPropertyInfo property in type.Type == typeof(ModelSpec) ? type.Properties : [])
        {
            property.IsRequired = false;
        }
    }

    private static int Agree(string name, int? fromFile, int? fromData) => (fromFile, fromData) switch
    {
        (int file, int data) when file != data => throw new BadInputException($"{name} is {file} but the data set has {data}"),
        (int file, _) => file,
        (null, int data) => data,
        (null, null) => throw new BadInputException($"{name} is missing"),
    };

    /// <summary>Place of the error and the value expected there. The framework's own text names .NET types.</summary>
    private static string Describe(JsonException exception)
    {
        string path = exception.Path?.TrimStart('$').TrimStart('.') ?? "";
        // The data set may give inputs and outputs: no member of the object itself is required.
        string expectation = path.Length == 0 ? "must be an object" : SpecMembers.Expectation(typeof(ModelSpec), path);
        if (exception is KindJsonException inner)
        {
            path = inner.Member is null ? path : $"{path}.{inner.Member}";
            expectation = inner.Expectation;
        }

        int end = expectation.IndexOf(';', StringComparison.Ordinal);
        expectation = expectation.Insert(end < 0 ? expectation.Length : end, LineOf(exception));
        return $"{(path.Length == 0 ? "the text" : path)} {expectation}";
    }

    private static string LineOf(JsonException exception) => exception.LineNumber is long line ? $" (line {line + 1})" : "";
}
