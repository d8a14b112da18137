using System.Collections.Immutable;
using System.Text.Json;
using NnCluster.Data;

namespace NnCluster.Persistence;

/// <summary>Facts about the data of a model that its preparation does not hold.</summary>
/// <param name="Dataset">Display name of the data set; null if it is not known.</param>
/// <param name="ClassNames">Names of the classes; empty for a regression, and if they are not known.</param>
/// <param name="IsPixels">Whether the features are bytes times <see cref="PixelScaling.Factor"/>.</param>
internal sealed record ModelOrigin(string? Dataset, ImmutableArray<string> ClassNames, bool IsPixels)
{
    /// <summary>The metadata entry with the display name of the data set.</summary>
    public const string DatasetKey = "dataset";

    /// <summary>The metadata entry with the names of the classes as JSON.</summary>
    public const string ClassNamesKey = "classNames";

    private const string FeaturesKey = "features";
    private const string Pixels = "pixels";

    /// <summary>How an image file becomes the inputs; null if the model was not trained on images of such a form.</summary>
    public ImagePreparation? Images { get; init; }

    /// <summary>Nothing is known.</summary>
    public static ModelOrigin Unknown { get; } = new(null, [], false);

    /// <summary>The facts about a data set.</summary>
    public static ModelOrigin Of(Dataset data) =>
        new(data.Name, data.Preparation is null ? data.ClassNames : [], data.Preparation is null && data.Train.Matrix.IsBytes) { Images = data.Images };

    /// <summary>The facts in a model or checkpoint. A file older than these entries names a known data set.</summary>
    /// <exception cref="BadInputException">An entry is damaged.</exception>
    public static ModelOrigin Of(SafeTensorsFile file)
    {
        string? dataset = file.Metadata.GetValueOrDefault(DatasetKey) ?? DatasetOf(file.Metadata.GetValueOrDefault(TrainedFile.RunSpecKey));
        if (file.Metadata.TryGetValue(FeaturesKey, out string? features) || file.Metadata.ContainsKey(ClassNamesKey))
        {
            return new(dataset, NamesOf(file), features == Pixels) { Images = ModelFile.ImagesOf(file) };
        }

        bool isTable = file.Metadata.ContainsKey(ModelFile.PreparationKey);
        return !isTable && KnownDatasets.All.FirstOrDefault(set => set.Name == dataset) is { } known
            ? new(dataset, known.ClassNames, true)
            : new(dataset, [], false);
    }

    /// <summary>Adds the entries of the metadata, except the name of the data set.</summary>
    public void AddTo(IDictionary<string, string> metadata)
    {
        if (!ClassNames.IsEmpty)
        {
            metadata[ClassNamesKey] = JsonSerializer.Serialize([.. ClassNames], ModelOriginJson.Default.StringArray);
        }

        if (IsPixels)
        {
            metadata[FeaturesKey] = Pixels;
        }

        if (Images is not null)
        {
            metadata[ModelFile.ImagesKey] = Images.ToJson();
        }
    }

    /// <summary>Name of the data set in the specification of a run; null if it cannot be read: a model does not depend on it.</summary>
    private static string? DatasetOf(string? runSpec)
    {
        try
        {
            using JsonDocument? run = runSpec is null ? null : JsonDocument.Parse(runSpec);
            return run?.RootElement is { ValueKind: JsonValueKind.Object } root
                && root.TryGetProperty(DatasetKey, out JsonElement name) && name.ValueKind == JsonValueKind.String
                    ? name.GetString()
                    : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static ImmutableArray<string> NamesOf(SafeTensorsFile file)
    {
        if (!file.Metadata.TryGetValue(ClassNamesKey, out string? json))
        {
            return [];
        }

        try
        {
            string?[] names = JsonSerializer.Deserialize(json, ModelOriginJson.Default.StringArray)!;
            return [.. names.Select(name => name ?? throw new JsonException("a name is null"))];
        }
        catch (Exception wrong) when (wrong is JsonException or ArgumentNullException)
        {
            throw new BadInputException($"{file.Path}: its '{ClassNamesKey}' is no list of names: {wrong.Message}", wrong);
        }
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string[]))]
internal sealed partial class ModelOriginJson : System.Text.Json.Serialization.JsonSerializerContext;
