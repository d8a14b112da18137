using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NnCluster.Data;

/// <summary>Colours of the pixels of images.</summary>
public enum ImageColour
{
    /// <summary>One feature a pixel: 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).</summary>
    Grey,

    /// <summary>Three features a pixel, next to each other: red, green, blue.</summary>
    Rgb,
}

/// <summary>
/// How an image file becomes the inputs of a model: scaled to the size, row by row from the top, each pixel's features next to each other,
/// byte · (1/255). Stored with a model of images. Immutable and thread-safe.
/// </summary>
public sealed record ImagePreparation
{
    private const int LongestSide = 1 << 14;

    /// <summary>Pixels of a row, 1 to 16384.</summary>
    public required int Width { get; init; }

    /// <summary>Rows of pixels, 1 to 16384.</summary>
    public required int Height { get; init; }

    /// <summary>Colours of the pixels.</summary>
    public required ImageColour Colour { get; init; }

    /// <summary>Names of the classes; empty for a regression.</summary>
    public ImmutableArray<string> Classes { get; init; } = [];

    /// <summary>Features of a pixel: 1 or 3.</summary>
    [JsonIgnore]
    public int Channels => Colour == ImageColour.Rgb ? 3 : 1;

    /// <summary>Features of an image: Height · Width · Channels.</summary>
    [JsonIgnore]
    public int Features => Height * Width * Channels;

    private bool IsValid => Width is > 0 and <= LongestSide && Height is > 0 and <= LongestSide && Enum.IsDefined(Colour)
        && !Classes.IsDefault && Classes.All(name => name is not null) && Classes.Distinct(StringComparer.Ordinal).Count() == Classes.Length;

    /// <summary>Size and colours, for messages: <c>28 × 28 pixels, grey</c>.</summary>
    public override string ToString() => $"{Width} × {Height} pixels, {(Colour == ImageColour.Rgb ? "RGB" : "grey")}";

    /// <inheritdoc/>
    public bool Equals(ImagePreparation? other) => other is not null && (Width, Height, Colour) == (other.Width, other.Height, other.Colour)
        && Classes.SequenceEqual(other.Classes);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Width, Height, Colour, Classes.Length);

    /// <summary>One JSON object on one line; docs/files.md describes it.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ImagePreparationJson.Default.ImagePreparation);

    /// <summary>Reads the JSON of <see cref="ToJson"/>.</summary>
    /// <param name="json">The JSON.</param>
    /// <param name="source">Name of its source, for messages.</param>
    /// <exception cref="BadInputException">It is no preparation of images.</exception>
    public static ImagePreparation Parse(string json, string source)
    {
        try
        {
            ImagePreparation? images = JsonSerializer.Deserialize(json, ImagePreparationJson.Default.ImagePreparation);
            return images is { IsValid: true } ? images : throw new BadInputException(
                $"{source}: its preparation of images is damaged: its size, colour or classes are missing or impossible.");
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException)
        {
            throw new BadInputException($"{source}: its preparation of images cannot be read: {wrong.Message}", wrong);
        }
    }

    /// <summary>Checks that a model has the inputs and outputs of this preparation.</summary>
    /// <exception cref="BadInputException">It has others: the file was changed.</exception>
    internal void RequireFits(int inputs, int outputs, string source)
    {
        int answers = Classes.IsEmpty ? outputs : Classes.Length;
        if (inputs != Features || outputs != answers)
        {
            throw new BadInputException(
                $"{source}: its preparation of images has {Features} features and {answers} outputs, and its model {inputs} and {outputs}.");
        }
    }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(ImagePreparation))]
internal sealed partial class ImagePreparationJson : JsonSerializerContext;
