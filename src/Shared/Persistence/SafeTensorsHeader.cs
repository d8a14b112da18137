using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text.Json;

namespace NnCluster.Persistence;

/// <summary>Entry of a tensor in the header; its data is [<paramref name="Begin"/>, <paramref name="End"/>) after it, in bytes.</summary>
internal sealed record TensorHeader(string Name, string Type, ImmutableArray<int> Shape, long Begin, long End)
{
    public long Bytes => End - Begin;
}

/// <summary>The checked header of a safetensors file: its tensors in the order of their data, without gap or overlap.</summary>
internal sealed record SafeTensorsHeader(ImmutableArray<TensorHeader> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Reads the header; the stream then stands at the first byte of the data.</summary>
    public static SafeTensorsHeader Read(Stream stream, string path) => Read(stream, path, json =>
    {
        SafeTensorsHeader header = Parse(json, path);
        header.CheckData(stream.Length - stream.Position, path);
        return header;
    });

    /// <summary>Reads the metadata alone; the data may be damaged.</summary>
    public static IReadOnlyDictionary<string, string> ReadMetadata(Stream stream, string path) =>
        Read<IReadOnlyDictionary<string, string>>(stream, path, json =>
        {
            using JsonDocument document = ParseJson(json, path);
            return document.RootElement.TryGetProperty(SafeTensors.MetadataKey, out JsonElement metadata)
                ? ParseMetadata(metadata, path)
                : ImmutableDictionary<string, string>.Empty;
        });

    private static T Read<T>(Stream stream, string path, Func<byte[], T> parse)
    {
        Span<byte> prefix = stackalloc byte[sizeof(ulong)];
        if (stream.Length < prefix.Length)
        {
            throw Bad(path, $"is not a safetensors file: it has {stream.Length} bytes, the header's length alone takes 8");
        }

        stream.ReadExactly(prefix);
        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        long rest = stream.Length - prefix.Length;
        if (length > SafeTensors.MaxHeaderBytes)
        {
            throw Bad(path, $"is not a safetensors file: its header would take {length} bytes, the limit is {SafeTensors.MaxHeaderBytes}");
        }

        if ((long)length > rest)
        {
            throw Bad(path, $"is truncated: its header takes {length} bytes and only {rest} are there");
        }

        var json = new byte[length];
        stream.ReadExactly(json);
        try
        {
            return parse(json);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string is not Unicode.
            throw new BadInputException($"{path}: is not a safetensors file: its header is not the JSON expected: {error.Message}", error);
        }
    }

    private static JsonDocument ParseJson(byte[] json, string path)
    {
        if (json.Length == 0 || json[0] != '{')
        {
            throw Bad(path, "is not a safetensors file: its header does not begin with '{'");
        }

        return JsonDocument.Parse(json, new() { MaxDepth = 4, AllowDuplicateProperties = false });
    }

    private static SafeTensorsHeader Parse(byte[] json, string path)
    {
        using JsonDocument document = ParseJson(json, path);
        var tensors = new List<TensorHeader>();
        IReadOnlyDictionary<string, string> metadata = ImmutableDictionary<string, string>.Empty;
        foreach (JsonProperty entry in document.RootElement.EnumerateObject())
        {
            if (entry.Name == SafeTensors.MetadataKey)
            {
                metadata = ParseMetadata(entry.Value, path);
            }
            else
            {
                tensors.Add(ParseTensor(entry.Name, entry.Value, path));
            }
        }

        return new([.. tensors.OrderBy(tensor => tensor.Begin).ThenBy(tensor => tensor.End)], metadata);
    }

    private static Dictionary<string, string> ParseMetadata(JsonElement element, string path)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Bad(path, $"has a '{SafeTensors.MetadataKey}' that is not a map of strings");
        }

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty entry in element.EnumerateObject())
        {
            if (entry.Value.ValueKind != JsonValueKind.String)
            {
                throw Bad(path, $"has metadata '{entry.Name}' that is not a string");
            }

            metadata.Add(entry.Name, entry.Value.GetString()!);
        }

        return metadata;
    }

    private static TensorHeader ParseTensor(string name, JsonElement element, string path)
    {
        string type = Member(name, element, "dtype", JsonValueKind.String, path).GetString()!;
        int size = TensorTypes.SizeOf(type)
            ?? throw Bad(path, $"has tensor '{name}' of type {type}, which is not known; expected {TensorTypes.Readable}");

        long[] offsets = Numbers(name, element, "data_offsets", path);
        long[] shape = Numbers(name, element, "shape", path);
        if (offsets is not [long begin, long end] || begin > end)
        {
            throw Bad(path, $"has tensor '{name}' whose data_offsets are not [begin, end] with begin ≤ end");
        }

        // The largest array of .NET bounds a tensor, and the bytes of one that is converted; no product above it is computed.
        int most = type == TensorTypes.Single ? Array.MaxLength : Array.MaxLength / size;
        long elements = shape.Contains(0) ? 0 : 1;
        foreach (long dimension in shape)
        {
            elements = elements == 0 || dimension <= most / elements
                ? elements * dimension
                : throw Bad(path, $"has tensor '{name}' with too many elements: shape [{string.Join(", ", shape)}]");
        }

        if (end - begin != elements * size || shape.Any(dimension => dimension > int.MaxValue))
        {
            throw Bad(
                path,
                $"has tensor '{name}' of shape [{string.Join(", ", shape)}], {elements * size} bytes of {type}, "
                + $"but its data_offsets [{begin}, {end}] span {end - begin}");
        }

        return new(name, type, [.. shape.Select(dimension => (int)dimension)], begin, end);
    }

    private static long[] Numbers(string name, JsonElement element, string member, string path) =>
        [.. Member(name, element, member, JsonValueKind.Array, path).EnumerateArray().Select(item =>
            item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out long number) && number >= 0
                ? number
                : throw Bad(path, $"has tensor '{name}' whose {member} holds {item.GetRawText()}; whole numbers from 0 on are expected"))];

    private static JsonElement Member(string name, JsonElement element, string member, JsonValueKind kind, string path) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out JsonElement value) && value.ValueKind == kind
            ? value
            : throw Bad(path, $"has an entry '{name}' without a proper '{member}'");

    private void CheckData(long bytes, string path)
    {
        long position = 0;
        foreach (TensorHeader tensor in Tensors)
        {
            if (tensor.Begin != position)
            {
                throw Bad(
                    path,
                    $"has tensor '{tensor.Name}' whose data begin at {tensor.Begin}; {position} is expected "
                    + $"(a {(tensor.Begin > position ? "gap" : "overlap")})");
            }

            position = tensor.End;
        }

        if (position != bytes)
        {
            throw Bad(
                path,
                $"{(position > bytes ? "is truncated" : "has trailing bytes")}: "
                + $"its tensors take {position} bytes, {bytes} follow the header");
        }
    }

    private static BadInputException Bad(string path, string what) => new($"{path}: {what}");
}
