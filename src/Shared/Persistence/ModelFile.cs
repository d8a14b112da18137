using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>What a model file says about its model, besides the tensors.</summary>
/// <param name="ModelSpec">The <see cref="Model.ModelSpec"/> as JSON; null in a file from elsewhere.</param>
/// <param name="Metadata">All of the file's metadata.</param>
public sealed record ModelDescription(string? ModelSpec, IReadOnlyDictionary<string, string> Metadata);

/// <summary>
/// <c>model.safetensors</c>: the parameters and running statistics of a network by name, with its specification in the
/// metadata (<c>modelSpec</c>, <c>format</c> = <c>nncluster-model</c>, <c>formatVersion</c>).
/// </summary>
public static class ModelFile
{
    /// <summary>The metadata entry with the model's specification as JSON.</summary>
    public const string ModelSpecKey = "modelSpec";

    private const string FormatKey = "format";
    private const string Format = "nncluster-model";
    private const string VersionKey = "formatVersion";
    private const int Version = 1;

    /// <summary>Writes the views of <paramref name="state"/> to a file, atomically.</summary>
    /// <param name="path">The file to write or replace.</param>
    /// <param name="views">Parameters and running statistics, in the file's order.</param>
    /// <param name="state">The flat buffer the views lie in.</param>
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
            [FormatKey] = Format,
            [VersionKey] = Version.ToString(CultureInfo.InvariantCulture),
            [ModelSpecKey] = modelSpec,
        };
        TensorToWrite[] tensors = [.. views.Select(view => new TensorToWrite(view.Name, view.Shape, () => view.Of(state.Span)))];
        AtomicFile.Write(path, stream => SafeTensors.Write(stream, tensors, entries));
    }

    /// <summary>Reads only what the file says about its model; the tensors are checked too.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or a newer program wrote it.</exception>
    public static ModelDescription Describe(string path) => Describe(SafeTensorsFile.Read(path));

    /// <summary>
    /// Reads every view's tensor by name into <paramref name="state"/>. Tensors of the file that no view asks for are
    /// ignored, so a checkpoint's optimizer state may stand beside the parameters.
    /// </summary>
    /// <exception cref="BadInputException">The file cannot be read, lacks a tensor, or has it in another shape.</exception>
    public static ModelDescription Read(string path, IReadOnlyList<ParameterView> views, Span<float> state)
    {
        SafeTensorsFile file = SafeTensorsFile.Read(path);
        ModelDescription description = Describe(file);
        CopyTo(file, views, state);
        return description;
    }

    /// <summary>Copies every view's tensor by name from a file that was read. Nothing is copied unless all fit.</summary>
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

    /// <summary>Checks that a file has every view's tensor.</summary>
    /// <exception cref="BadInputException">The file lacks a tensor, or has it in another shape.</exception>
    public static void RequireTensors(SafeTensorsFile file, IReadOnlyList<ParameterView> views)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(views);
        foreach (ParameterView view in views)
        {
            if (!file.TryGet(view.Name, out StoredTensor? tensor))
            {
                throw new BadInputException(
                    $"{file.Path}: has no tensor '{view.Name}' of shape {Text(view.Shape)}, which this network needs; it has {Names(file)}");
            }

            if (!tensor.Shape.AsSpan().SequenceEqual(view.Shape.AsSpan()))
            {
                throw new BadInputException(
                    $"{file.Path}: has tensor '{view.Name}' of shape {Text(tensor.Shape)}; this network needs {Text(view.Shape)}");
            }
        }
    }

    /// <summary>
    /// SHA-256, in lower-case hexadecimal, of the views' elements as little-endian float32 one after the other: what
    /// <c>train</c> reports as <c>weightsSha256</c>.
    /// </summary>
    public static string WeightsSha256(IReadOnlyList<ParameterView> views, ReadOnlySpan<float> state)
    {
        ArgumentNullException.ThrowIfNull(views);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (ParameterView view in views)
        {
            hash.AppendData(MemoryMarshal.AsBytes(view.Of(state)));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static ModelDescription Describe(SafeTensorsFile file)
    {
        if (file.Metadata.TryGetValue(VersionKey, out string? text)
            && file.Metadata.GetValueOrDefault(FormatKey) == Format
            && !(int.TryParse(text, CultureInfo.InvariantCulture, out int version) && version <= Version))
        {
            throw new BadInputException($"{file.Path}: has format version {text}; this program reads versions up to {Version}");
        }

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
