using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NnCluster.Model;

/// <summary>
/// The JSON form: camelCase members, names like <c>leaky-relu</c>, members without a value in the file take their
/// default, unknown members are refused. Comments and trailing commas are allowed.
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
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower, allowIntegerValues: false) },
    };

    // What a member's value must be, for messages: of the model, of a layer, of the initializer.
    private static readonly Dictionary<string, string> ModelMembers = new()
    {
        ["inputs"] = "a whole number",
        ["outputs"] = "a whole number",
        ["hidden"] = "a list of layers",
        ["inputDropout"] = "a number",
        ["inputNoise"] = "a number",
        ["initializer"] = "an object with kind and, for normal and uniform, scale",
        ["loss"] = $"one of {string.Join(", ", NamesOf<LossKind>())}",
        ["clipProbability"] = "a number",
    };

    private static readonly Dictionary<string, string> LayerMembers = new()
    {
        ["units"] = "a whole number",
        ["activation"] = $"one of {string.Join(", ", NamesOf<ActivationKind>())}",
        ["slope"] = "a number",
        ["batchNorm"] = "true or false",
        ["dropout"] = "a number",
    };

    private static readonly Dictionary<string, string> InitializerMembers = new()
    {
        ["kind"] = $"one of {string.Join(", ", NamesOf<InitializerKind>())}",
        ["scale"] = "a number",
    };

    /// <summary>The name of a kind in files and on the command line: <c>leaky-relu</c>.</summary>
    public static string NameOf<TKind>(TKind kind)
        where TKind : struct, Enum => JsonSerializer.Serialize(kind, JsonOptions).Trim('"');

    /// <summary>The names of all kinds.</summary>
    public static ImmutableArray<string> NamesOf<TKind>()
        where TKind : struct, Enum => [.. Enum.GetValues<TKind>().Select(NameOf)];

    /// <summary>Reads and checks a model file for a data set.</summary>
    /// <param name="path">The file. It may leave inputs and outputs out.</param>
    /// <param name="inputs">The features of the data set; the file's value must agree.</param>
    /// <param name="outputs">The classes or targets of the data set; the file's value must agree.</param>
    /// <exception cref="BadInputException">The file cannot be read, or is not a model for that data set.</exception>
    public static ModelSpec Read(string path, int inputs, int outputs)
    {
        string json;
        try
        {
            json = File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new BadInputException($"The model file '{path}' cannot be read: {exception.Message}", exception);
        }

        return Parse(json, path, inputs, outputs);
    }

    /// <summary>Reads and checks the JSON text of a model.</summary>
    /// <param name="json">One object.</param>
    /// <param name="source">What to call the text in an error: a path.</param>
    /// <param name="inputs">The features of the data set; null where the text must say.</param>
    /// <param name="outputs">The classes or targets of the data set; null where the text must say.</param>
    /// <exception cref="BadInputException">The text is not a valid model; the message names source and member.</exception>
    public static ModelSpec Parse(string json, string source, int? inputs = null, int? outputs = null)
    {
        try
        {
            ModelFile file = JsonSerializer.Deserialize<ModelFile>(json, JsonOptions)
                ?? throw new BadInputException("expected an object, found null");
            ModelSpec spec = new()
            {
                Inputs = Agree("inputs", file.Inputs, inputs),
                Outputs = Agree("outputs", file.Outputs, outputs),
                Hidden = file.Hidden,
                InputDropout = file.InputDropout,
                InputNoise = file.InputNoise,
                Initializer = file.Initializer,
                Loss = file.Loss,
                ClipProbability = file.ClipProbability,
            };
            spec.Validate();
            return spec;
        }
        catch (JsonException exception)
        {
            throw new BadInputException($"The model '{source}' is not valid: {Describe(exception)}", exception);
        }
        catch (BadInputException exception)
        {
            throw new BadInputException($"The model '{source}' is not valid: {exception.Message}", exception);
        }
    }

    /// <summary>The model as one line of JSON that <see cref="Parse"/> reads back to an equal one.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, JsonOptions);

    /// <summary>Equal members, the hidden layers one by one.</summary>
    public bool Equals(ModelSpec? other) => other is not null
        && Inputs == other.Inputs
        && Outputs == other.Outputs
        && Hidden.AsSpan().SequenceEqual(other.Hidden.AsSpan())
        && InputDropout.Equals(other.InputDropout)
        && InputNoise.Equals(other.InputNoise)
        && Equals(Initializer, other.Initializer)
        && Loss == other.Loss
        && Nullable.Equals(ClipProbability, other.ClipProbability);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(Inputs);
        hash.Add(Outputs);
        foreach (HiddenLayer layer in Hidden.AsSpan())
        {
            hash.Add(layer);
        }

        hash.Add(InputDropout);
        hash.Add(InputNoise);
        hash.Add(Initializer);
        hash.Add(Loss);
        hash.Add(ClipProbability);
        return hash.ToHashCode();
    }

    private static int Agree(string name, int? fromFile, int? fromData) => (fromFile, fromData) switch
    {
        (int file, int data) when file != data => throw new BadInputException($"{name} is {file} but the data set has {data}"),
        (int file, _) => file,
        (null, int data) => data,
        (null, null) => throw new BadInputException($"{name} is missing"),
    };

    /// <summary>
    /// Says what was expected at the place of the error. The framework's own text speaks of .NET types, so it is shown for
    /// broken JSON only.
    /// </summary>
    private static string Describe(JsonException exception)
    {
        string place = exception.LineNumber is long line ? $" (line {line + 1})" : "";
        string path = exception.Path is null ? "" : exception.Path.TrimStart('$').TrimStart('.');
        if (exception.InnerException is JsonException)
        {
            int position = exception.Message.IndexOf(" Path: ", StringComparison.Ordinal);
            return (position < 0 ? exception.Message : exception.Message[..position]) + place;
        }

        if (path.Length == 0 || path.EndsWith(']'))
        {
            return $"{(path.Length == 0 ? "the text" : path)} must be an object{(path.Length == 0 ? "" : " with units, a whole number")}{place}";
        }

        int dot = path.LastIndexOf('.');
        Dictionary<string, string> members = dot < 0 ? ModelMembers : path[dot - 1] == ']' ? LayerMembers : InitializerMembers;
        return members.TryGetValue(path[(dot + 1)..], out string? expected)
            ? $"{path} must be {expected}{place}"
            : $"{path} is not known{place}; the members there are {string.Join(", ", members.Keys)}";
    }

    /// <summary>What a file may hold: inputs and outputs are optional there.</summary>
    private sealed record ModelFile
    {
        public int? Inputs { get; init; }

        public int? Outputs { get; init; }

        public ImmutableArray<HiddenLayer> Hidden { get; init; } = [];

        public float InputDropout { get; init; }

        public float InputNoise { get; init; }

        public Initializer Initializer { get; init; } = new(InitializerKind.He);

        public LossKind Loss { get; init; }

        public float? ClipProbability { get; init; }
    }
}
