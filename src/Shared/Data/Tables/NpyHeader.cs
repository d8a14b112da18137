using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace NnCluster.Data;

/// <summary>Header of a NumPy array, of the format versions 1.0, 2.0 and 3.0 (numpy.lib.format).</summary>
/// <param name="Shape">Length of each dimension, the outermost first.</param>
/// <param name="IsFortranOrder">True: the first dimension varies fastest; false: the last.</param>
/// <param name="Fields">Fields of an item; one without a name if the array has none.</param>
/// <param name="ItemSize">Bytes of an item.</param>
/// <param name="Length">Bytes of the header.</param>
internal sealed record NpyHeader(ImmutableArray<long> Shape, bool IsFortranOrder, ImmutableArray<NpyField> Fields, int ItemSize, int Length)
{
    private const int LongestHeader = 1 << 20;
    private const int MostDimensions = 32;
    private const int MostBytesOfItem = 1 << 24;

    /// <summary>Whether an item has fields with names.</summary>
    public bool HasFields => Fields[0].Name is not null;

    /// <summary>Bytes of all items.</summary>
    public long Bytes => Shape.Aggregate((long)ItemSize, (bytes, dimension) => bytes * dimension);

    /// <summary>Type and shape as NumPy writes them, for messages: <c>float32 (100, 4)</c>.</summary>
    public override string ToString()
    {
        string type = HasFields ? $"{Fields.Length} fields" : Fields[0].TypeName;
        return $"{type} ({string.Join(", ", Shape)}{(Shape.Length == 1 ? "," : "")})";
    }

    /// <summary>Reads the header at the start of an array.</summary>
    /// <param name="source">The array; then positioned at its first item.</param>
    /// <exception cref="FormatException">It is no header, or of an array that is not read; the message says why.</exception>
    public static NpyHeader Read(Stream source)
    {
        byte[] start = Take(source, 8);
        if (start[0] != 0x93 || !start.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
        {
            throw new FormatException("it does not begin as a NumPy array");
        }

        int version = start[6];
        if (version is < 1 or > 3)
        {
            throw new FormatException($"its format has the version {version}.{start[7]}; 1.0, 2.0 and 3.0 are read");
        }

        byte[] prefix = Take(source, version == 1 ? 2 : 4);
        long length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(prefix) : BinaryPrimitives.ReadUInt32LittleEndian(prefix);
        if (length > LongestHeader)
        {
            throw new FormatException($"its header claims {length} bytes; expected at most {LongestHeader}");
        }

        byte[] header = Take(source, (int)length);
        string text = (version == 3 ? Encoding.UTF8 : Encoding.Latin1).GetString(header);
        return Parse(text, start.Length + prefix.Length + header.Length);
    }

    /// <summary>Reads the header of an IDX file: two zero bytes, the type, the number of dimensions, each dimension as a big-endian int32.</summary>
    /// <param name="source">The file; then positioned at its first element.</param>
    /// <exception cref="FormatException">It is no header.</exception>
    public static NpyHeader ReadIdx(Stream source)
    {
        byte[] start = Take(source, 4);
        NpyField? field = start[2] switch
        {
            0x08 => new(null, 'u', 1, true, 0),
            0x09 => new(null, 'i', 1, true, 0),
            0x0b => new(null, 'i', 2, true, 0),
            0x0c => new(null, 'i', 4, true, 0),
            0x0d => new(null, 'f', 4, true, 0),
            0x0e => new(null, 'f', 8, true, 0),
            _ => null,
        };
        if (start[0] != 0 || start[1] != 0 || field is null || start[3] is 0 or > MostDimensions)
        {
            throw new FormatException(
                $"its magic is 0x{BinaryPrimitives.ReadUInt32BigEndian(start):x8}; expected 0x0000TTDD with a type of 08, 09, 0b, 0c, 0d or 0e "
                + "and at least one dimension");
        }

        byte[] dimensions = Take(source, 4 * start[3]);
        ImmutableArray<long> shape = [.. Enumerable.Range(0, start[3]).Select(i => (long)BinaryPrimitives.ReadInt32BigEndian(dimensions.AsSpan(4 * i)))];
        return shape.All(dimension => dimension >= 0) && IsPossible(shape, field.Size)
            ? new(shape, false, [field], field.Size, 4 + dimensions.Length)
            : throw new FormatException($"its dimensions {string.Join(" × ", shape)} are impossible");
    }

    private static bool IsPossible(ImmutableArray<long> shape, int itemSize) => shape.Contains(0)
        || shape.Aggregate((UInt128)itemSize, (bytes, dimension) => bytes > long.MaxValue ? bytes : bytes * (UInt128)dimension) <= long.MaxValue;

    private static byte[] Take(Stream source, int count)
    {
        byte[] bytes = new byte[count];
        return source.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count ? bytes : throw new FormatException("it ends within its header");
    }

    private static NpyHeader Parse(string text, int length)
    {
        var values = PythonLiteral.Parse(text) as Dictionary<string, object?>;
        if (values?.GetValueOrDefault("descr") is not { } description || values.GetValueOrDefault("fortran_order") is not bool isFortran
            || values.GetValueOrDefault("shape") is not object?[] dimensions)
        {
            throw new FormatException("its header lacks descr, fortran_order or shape");
        }

        if (dimensions.Length > MostDimensions || dimensions.Any(dimension => dimension is not (long and >= 0)))
        {
            throw new FormatException($"its shape ({string.Join(", ", dimensions)}) is impossible");
        }

        ImmutableArray<NpyField> fields = description switch
        {
            string type => [NpyField.Parse(type, null, 0)],
            object?[] list => FieldsOf(list),
            _ => throw new FormatException("its descr is no type"),
        };
        ImmutableArray<long> shape = [.. dimensions.Cast<long>()];
        int itemSize = fields[^1].Offset + fields[^1].Size;
        return IsPossible(shape, itemSize)
            ? new(shape, isFortran, [.. fields.Where(field => field.Kind != 'V')], itemSize, length)
            : throw new FormatException($"its shape ({string.Join(", ", shape)}) is impossible");
    }

    // Padding between aligned fields is a field without a name of the type V.
    private static ImmutableArray<NpyField> FieldsOf(object?[] list)
    {
        List<NpyField> fields = [];
        int offset = 0;
        foreach (object? item in list)
        {
            if (item is not object?[] { Length: 2 or 3 } parts || NameOf(parts[0]) is not { } name)
            {
                throw new FormatException("a field of its descr is no name with a type");
            }

            if (parts.Length == 3 || parts[1] is not string type)
            {
                throw new FormatException($"the field {Quoted.Text(name)} has fields or dimensions of its own; save its parts as fields");
            }

            bool isPadding = name.Length == 0 && type.StartsWith("|V", StringComparison.Ordinal);
            NpyField field = isPadding && int.TryParse(type.AsSpan(2), out int bytes) && bytes is > 0 and < MostBytesOfItem
                ? new(name, 'V', bytes, false, offset)
                : NpyField.Parse(type, name, offset);
            fields.Add(field);
            offset += field.Size;
            if (offset > MostBytesOfItem)
            {
                throw new FormatException($"an item has more than {MostBytesOfItem} bytes");
            }
        }

        return fields.Any(field => field.Kind != 'V') ? [.. fields] : throw new FormatException("its descr has no field");
    }

    // A field with a title has (title, name).
    private static string? NameOf(object? name) => name as string ?? (name is object?[] { Length: 2 } pair ? pair[1] as string : null);
}
