using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace NnCluster.Data;

/// <summary>
/// Format of the canonical bytes of a data set, by which it is identified, sent to nodes and cached. Little-endian: the eight bytes
/// <c>NNCDATA1</c> or <c>NNCDATA2</c>; nine int32: training rows, test rows, features, classes, targets, image width, image
/// height (0: none), bytes a feature (1 or 4), validation rows; then the features of training, test and validation rows, and the
/// labels (int32) or targets (float32) in the same order. <c>NNCDATA2</c> is followed by the length (int32) and the UTF-8 bytes of a
/// JSON object with the names of the classes and the preparation of rows or images; <c>NNCDATA1</c> has neither: its classes are numbers.
/// </summary>
internal static class DatasetContent
{
    private const int HeaderBytes = 8 + (9 * sizeof(int));
    private const int Chunk = 1 << 20;

    private const int LongestDescription = 1 << 28;

    private static ReadOnlySpan<byte> Magic => "NNCDATA1"u8;

    private static ReadOnlySpan<byte> DescribedMagic => "NNCDATA2"u8;

    /// <summary>Reads a set from its canonical bytes; <paramref name="source"/> is then positioned after them.</summary>
    /// <param name="source">The bytes.</param>
    /// <param name="name">Display name of the set, and of the source in errors.</param>
    /// <exception cref="BadInputException">The bytes are no data set, or end early.</exception>
    public static Dataset Read(Stream source, string name) => Read(source, name, null);

    /// <summary>Opens a set in a file of its canonical bytes; the features stay in the file and are mapped.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">Display name of the set, and of the file in errors.</param>
    /// <exception cref="BadInputException">The bytes are no data set, or end early.</exception>
    public static Dataset Map(string path, string name)
    {
        using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);
        return Read(source, name, new MappedFile(path));
    }

    private static Dataset Read(Stream source, string name, MappedFile? file)
    {
        ArgumentNullException.ThrowIfNull(source);
        Span<byte> header = stackalloc byte[HeaderBytes];
        if (source.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes
            || !(header.StartsWith(Magic) || header.StartsWith(DescribedMagic)))
        {
            throw new BadInputException($"{name}: no data set in NnCluster's own format.");
        }

        Span<int> fields = stackalloc int[9];
        for (int i = 0; i < fields.Length; i++)
        {
            fields[i] = BinaryPrimitives.ReadInt32LittleEndian(header[(8 + (4 * i))..]);
        }

        (int trainRows, int testRows, int features, int classes) = (fields[0], fields[1], fields[2], fields[3]);
        (int targets, int width, int height, int featureBytes) = (fields[4], fields[5], fields[6], fields[7]);
        if (fields.ContainsAnyInRange(int.MinValue, -1) || features == 0 || featureBytes is not (1 or 4) || (classes > 0) == (targets > 0))
        {
            throw new BadInputException($"{name}: the dimensions of the data set are impossible.");
        }

        IRowSource train = ReadMatrix(source, file, trainRows, features, featureBytes, name);
        IRowSource test = ReadMatrix(source, file, testRows, features, featureBytes, name);
        IRowSource validation = ReadMatrix(source, file, fields[8], features, featureBytes, name);
        DataSplit trainSplit = ReadAnswers(source, train, classes, targets, name);
        DataSplit testSplit = ReadAnswers(source, test, classes, targets, name);
        DataSplit validationSplit = ReadAnswers(source, validation, classes, targets, name);
        Description? described = header.StartsWith(DescribedMagic) ? ReadDescription(source, name) : null;
        try
        {
            return new(
                name, trainSplit, testSplit, classes, targets, described?.ClassNames ?? default,
                width > 0 ? width : null, height > 0 ? height : null)
            {
                Validation = validationSplit,
                Preparation = described?.Preparation,
                Images = described?.Images,
            };
        }
        catch (ArgumentException wrong)
        {
            throw new BadInputException($"{name}: {wrong.Message}", wrong);
        }
    }

    /// <summary>The bytes before the features.</summary>
    internal static byte[] HeaderOf(Dataset dataset)
    {
        byte[] header = new byte[HeaderBytes];
        (AreDescribed(dataset) ? DescribedMagic : Magic).CopyTo(header);
        ReadOnlySpan<int> fields =
        [
            dataset.Train.Rows, dataset.Test.Rows, dataset.Features, dataset.Classes, dataset.Targets,
            dataset.ImageWidth ?? 0, dataset.ImageHeight ?? 0, dataset.Train.Matrix.IsBytes ? 1 : sizeof(float), dataset.Validation.Rows,
        ];
        for (int i = 0; i < fields.Length; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8 + (4 * i)), fields[i]);
        }

        return header;
    }

    /// <summary>The bytes behind the labels or targets: names and preparation; none if the classes are numbers and the features were given.</summary>
    internal static byte[] DescriptionOf(Dataset dataset)
    {
        if (!AreDescribed(dataset))
        {
            return [];
        }

        byte[] description = JsonSerializer.SerializeToUtf8Bytes(
            new Description(dataset.ClassNames, dataset.Preparation, dataset.Images), DatasetContentJson.Default.Description);
        byte[] bytes = new byte[sizeof(int) + description.Length];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, description.Length);
        description.CopyTo(bytes, sizeof(int));
        return bytes;
    }

    private static bool AreDescribed(Dataset dataset) =>
        dataset.Preparation is not null || dataset.Images is not null || dataset.ClassNames.Index().Any(item => item.Item != $"{item.Index}");

    private static Description ReadDescription(Stream source, string name)
    {
        Span<byte> prefix = stackalloc byte[sizeof(int)];
        int length = source.ReadAtLeast(prefix, prefix.Length, throwOnEndOfStream: false) == prefix.Length
            ? BinaryPrimitives.ReadInt32LittleEndian(prefix)
            : -1;
        if (length is < 0 or > LongestDescription)
        {
            throw new BadInputException($"{name}: the data set ends early.");
        }

        try
        {
            return JsonSerializer.Deserialize(ReadArray<byte>(source, length, name), DatasetContentJson.Default.Description)
                ?? throw new BadInputException($"{name}: the description of the data set is null.");
        }
        catch (Exception wrong) when (wrong is JsonException or NotSupportedException)
        {
            throw new BadInputException($"{name}: the description of the data set cannot be read: {wrong.Message}", wrong);
        }
    }

    private static IRowSource ReadMatrix(Stream source, MappedFile? file, int rows, int features, int featureBytes, string name)
    {
        long length = (long)rows * features;
        if (file is not null)
        {
            long offset = source.Position;
            source.Position += length * featureBytes;
            return source.Position <= file.Length
                ? file.Rows(offset, rows, features, featureBytes == 1)
                : throw new BadInputException($"{name}: the data set ends early.");
        }

        return featureBytes == 1
            ? FeatureMatrix.FromBytes(ReadArray<byte>(source, length, name), features)
            : FeatureMatrix.FromFloats(ReadArray<float>(source, length, name), features);
    }

    private static DataSplit ReadAnswers(Stream source, IRowSource matrix, int classes, int targets, string name) => classes > 0
        ? DataSplit.Classification(matrix, ReadArray<int>(source, matrix.Rows, name))
        : DataSplit.Regression(matrix, ReadArray<float>(source, (long)matrix.Rows * targets, name), targets);

    // Grows with the data that arrives: a false header cannot make it allocate more.
    private static T[] ReadArray<T>(Stream source, long length, string name)
        where T : unmanaged
    {
        if (length > Array.MaxLength)
        {
            throw new BadInputException($"{name}: {length} values are more than one array can hold.");
        }

        int perChunk = Chunk / Marshal.SizeOf<T>();
        T[] array = GC.AllocateUninitializedArray<T>((int)Math.Min(length, KnownLength<T>(source) ?? perChunk));
        int filled = 0;
        while (filled < length)
        {
            if (filled == array.Length)
            {
                Array.Resize(ref array, (int)Math.Min(length, 2L * Math.Max(array.Length, perChunk)));
            }

            Span<byte> room = MemoryMarshal.AsBytes(array.AsSpan(filled, Math.Min(perChunk, array.Length - filled)));
            if (source.ReadAtLeast(room, room.Length, throwOnEndOfStream: false) < room.Length)
            {
                throw new BadInputException($"{name}: the data set ends early.");
            }

            filled += room.Length / Marshal.SizeOf<T>();
        }

        return array;
    }

    private static long? KnownLength<T>(Stream source)
        where T : unmanaged => source.CanSeek ? (source.Length - source.Position) / Marshal.SizeOf<T>() : null;
}

/// <summary>Names of a data set's classes, and how its rows or images became features.</summary>
internal sealed record Description(
    ImmutableArray<string> ClassNames,
    Preparation? Preparation,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] ImagePreparation? Images = null);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    AllowOutOfOrderMetadataProperties = true,
    RespectNullableAnnotations = true)]
[JsonSerializable(typeof(Description))]
internal sealed partial class DatasetContentJson : JsonSerializerContext;
