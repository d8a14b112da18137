using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;

namespace NnCluster.Persistence;

/// <summary>Metadata of a model file.</summary>
/// <param name="ModelSpec">The <see cref="Model.ModelSpec"/> as JSON; null in a file of another program.</param>
/// <param name="Metadata">All of the file's metadata.</param>
public sealed record ModelDescription(string? ModelSpec, IReadOnlyDictionary<string, string> Metadata);

/// <summary>
/// <c>model.safetensors</c>: the parameters and running statistics of a model by name, with its specification in the
/// metadata. docs/files.md describes it.
/// </summary>
public static class ModelFile
{
    /// <summary>The metadata entry with the model's specification as JSON.</summary>
    public const string ModelSpecKey = "modelSpec";

    /// <summary>The metadata entry with the preparation of a table's rows as JSON.</summary>
    public const string PreparationKey = "preparation";

    /// <summary>The metadata entry with the preparation of images as JSON.</summary>
    public const string ImagesKey = "images";

    /// <summary>Value of <c>format</c> in the metadata.</summary>
    internal const string Format = "nncluster-model";

    /// <summary>Writes the views of <paramref name="state"/> to a file, atomically.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="views">Parameters and running statistics, in the file's order.</param>
    /// <param name="state">The flat buffer of the views.</param>
    /// <param name="modelSpec">The specification as JSON.</param>
    /// <param name="metadata">Further entries, such as the seed and the accuracy reached.</param>
    public static void Write(
        string path,
        IReadOnlyList<ParameterView> views,
        AlignedBuffer state,
        string modelSpec,
        IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(views);
        ArgumentNullException.ThrowIfNull(state);
        var entries = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            [FormatVersion.FormatKey] = Format,
            [FormatVersion.VersionKey] = FormatVersion.TensorsText,
            [ModelSpecKey] = modelSpec,
        };
        TensorToWrite[] tensors = [.. views.Select(view => new TensorToWrite(view.Name, view.Shape, () => view.Of(state.Span)))];
        AtomicFile.Write(path, stream => SafeTensors.Write(stream, tensors, entries));
    }

    /// <summary>Reads and checks a model, a checkpoint, or a safetensors file of another program.</summary>
    /// <exception cref="BadInputException">The file cannot be read, is damaged, or a newer program wrote it.</exception>
    public static SafeTensorsFile Open(string path)
    {
        SafeTensorsFile file = SafeTensorsFile.Read(path);
        FormatVersion.RequireTensors(path, file.Metadata);
        return file;
    }

    /// <summary>
    /// Reads the tensor of every view by name into <paramref name="state"/>. Further tensors of the file are ignored, so a
    /// checkpoint can be read as a model.
    /// </summary>
    /// <exception cref="BadInputException">
    /// The file cannot be read, has a newer version, lacks a tensor, or has it in another shape.
    /// </exception>
    public static ModelDescription Read(string path, IReadOnlyList<ParameterView> views, Span<float> state)
    {
        SafeTensorsFile file = SafeTensorsFile.Read(path);
        ModelDescription description = Describe(file);
        CopyTo(file, views, state);
        return description;
    }

    /// <summary>Copies the tensor of every view by name from a file. Copies none unless all fit.</summary>
    /// <exception cref="BadInputException">The file lacks a tensor, or has it in another shape.</exception>
    public static void CopyTo(SafeTensorsFile file, IReadOnlyList<ParameterView> views, Span<float> state)
    {
        RequireTensors(file, views);
        foreach (ParameterView view in views)
        {
            _ = file.TryGet(view.Name, out StoredTensor? tensor);
            tensor!.Data.Span.CopyTo(view.Of(state));
        }
    }

    /// <summary>Checks that a file has the tensor of every view.</summary>
    /// <exception cref="BadInputException">The file lacks a tensor, or has it in another shape.</exception>
    public static void RequireTensors(SafeTensorsFile file, IReadOnlyList<ParameterView> views)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(views);
        foreach (ParameterView view in views)
        {
            if (file.OtherTypes.TryGetValue(view.Name, out string? type))
            {
                throw new BadInputException($"{file.Path}: has tensor '{view.Name}' of type {type}; expected {TensorTypes.Readable}");
            }

            if (!file.TryGet(view.Name, out StoredTensor? tensor))
            {
                throw new BadInputException(
                    $"{file.Path}: has no tensor '{view.Name}' of shape {Text(view.Shape)}, which this network needs; "
                    + $"it has {Names(file)}");
            }

            if (!tensor.Shape.AsSpan().SequenceEqual(view.Shape.AsSpan()))
            {
                throw new BadInputException(
                    $"{file.Path}: has tensor '{view.Name}' of shape {Text(tensor.Shape)}; this network needs {Text(view.Shape)}");
            }
        }
    }

    /// <summary>The preparation of a table's rows; null if the model was not trained on a table.</summary>
    /// <exception cref="BadInputException">The entry is no preparation.</exception>
    public static Preparation? PreparationOf(SafeTensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Metadata.TryGetValue(PreparationKey, out string? json) ? Preparation.Parse(json, file.Path) : null;
    }

    /// <summary>The specification of the model of a file, as JSON.</summary>
    /// <exception cref="BadInputException">A newer program wrote the file, or it has none.</exception>
    internal static string RequireModelSpec(SafeTensorsFile file) => Describe(file).ModelSpec ?? throw new BadInputException(
        $"{file.Path}: is no model of this program: its metadata has no '{ModelSpecKey}', which describes the network; "
        + "train --init-from takes its tensors for a network that the other options describe");

    /// <summary>The preparation of images; null if the model was not trained on images whose preparation is known.</summary>
    /// <exception cref="BadInputException">The entry is no preparation of images.</exception>
    public static ImagePreparation? ImagesOf(SafeTensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Metadata.TryGetValue(ImagesKey, out string? json) ? ImagePreparation.Parse(json, file.Path) : null;
    }

    /// <summary>The specification and the metadata of a file that was read.</summary>
    /// <exception cref="BadInputException">A newer program wrote the file.</exception>
    public static ModelDescription Describe(SafeTensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        FormatVersion.RequireTensors(file.Path, file.Metadata);
        return new(file.Metadata.GetValueOrDefault(ModelSpecKey), file.Metadata);
    }

    private static string Text(IEnumerable<int> shape) => $"[{string.Join(", ", shape)}]";

    private static string Names(SafeTensorsFile file)
    {
        const int most = 12;
        string names = string.Join(", ", file.Tensors.Take(most).Select(tensor => $"{tensor.Name} {Text(tensor.Shape)}"));
        return file.Tensors.Length switch
        {
            0 => "none",
            > most => $"{names}, and {file.Tensors.Length - most} more",
            _ => names,
        };
    }
}
