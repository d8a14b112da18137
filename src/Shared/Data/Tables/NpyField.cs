using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;

namespace NnCluster.Data;

/// <summary>A type of NumPy: a number or a text of fixed length, at a place in an item.</summary>
/// <param name="Name">Name of the field; null in an array without fields.</param>
/// <param name="Kind">NumPy's letter: b, i, u, f for numbers, S for bytes of text, U for text in UTF-32.</param>
/// <param name="Size">Bytes of a value.</param>
/// <param name="IsBigEndian">Order of the bytes.</param>
/// <param name="Offset">First byte in the item.</param>
internal sealed record NpyField(string? Name, char Kind, int Size, bool IsBigEndian, int Offset)
{
    private const int LongestText = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Whether the values are numbers.</summary>
    public bool IsNumber => Kind is 'b' or 'i' or 'u' or 'f';

    /// <summary>The type as NumPy names it.</summary>
    public string TypeName => Kind switch
    {
        'b' => "bool",
        'i' => $"int{8 * Size}",
        'u' => $"uint{8 * Size}",
        'f' => $"float{8 * Size}",
        'S' => $"S{Size}",
        _ => $"U{Size / 4}",
    };

    /// <summary>Reads a type as the header writes it, such as <c>&lt;f8</c>.</summary>
    /// <param name="description">The type.</param>
    /// <param name="name">Name of the field; null: none.</param>
    /// <param name="offset">First byte in the item.</param>
    /// <exception cref="FormatException">The type is not read; the message says how to save it.</exception>
    public static NpyField Parse(string description, string? name, int offset)
    {
        string type = description.TrimStart('<', '>', '|', '=');
        char kind = type.Length > 0 ? type[0] : '?';
        bool hasSize = int.TryParse(type.AsSpan(Math.Min(1, type.Length)), NumberStyles.None, CultureInfo.InvariantCulture, out int count);
        string of = name is null ? "" : $"the field {Quoted.Text(name)} has ";
        int size = kind == 'U' ? (int)Math.Min(int.MaxValue, 4L * count) : count;
        bool isRead = hasSize && (kind, size) switch
        {
            ('b', 1) or ('i' or 'u', 1 or 2 or 4 or 8) or ('f', 2 or 4 or 8) => true,
            ('S' or 'U', > 0 and <= LongestText) => true,
            _ => false,
        };
        return isRead ? new(name, kind, size, description.StartsWith('>'), offset) : throw new FormatException(of + (kind switch
        {
            'O' => "Python objects (dtype object), which only Python can load; convert the array first, such as with .astype(float) or .astype(str)",
            'c' => $"complex numbers (dtype {description}); save real and imaginary parts as two columns",
            'M' or 'm' => $"dates or times (dtype {description}); convert them first, such as with .astype(str)",
            'f' => $"numbers of {8 * count} bits (dtype {description}); convert them first with .astype(float)",
            _ => $"the dtype {Quoted.Text(description)}; expected bool, int8 to int64, uint8 to uint64, float16 to float64, S or U",
        }));
    }

    /// <summary>A value of a field of numbers.</summary>
    /// <param name="value">Its bytes, (<see cref="Size"/>).</param>
    public double ToNumber(ReadOnlySpan<byte> value) => (Kind, Size) switch
    {
        ('b', _) => value[0] == 0 ? 0 : 1,
        ('f', 2) => (double)(IsBigEndian ? BinaryPrimitives.ReadHalfBigEndian(value) : BinaryPrimitives.ReadHalfLittleEndian(value)),
        ('f', 4) => IsBigEndian ? BinaryPrimitives.ReadSingleBigEndian(value) : BinaryPrimitives.ReadSingleLittleEndian(value),
        ('f', _) => IsBigEndian ? BinaryPrimitives.ReadDoubleBigEndian(value) : BinaryPrimitives.ReadDoubleLittleEndian(value),
        ('u', 1) => value[0],
        ('i', _) => (double)ToInteger<long>(value),
        _ => (double)ToInteger<ulong>(value),
    };

    /// <summary>A value as text.</summary>
    /// <param name="value">Its bytes, (<see cref="Size"/>).</param>
    /// <exception cref="FormatException">The bytes are no text.</exception>
    public string ToText(ReadOnlySpan<byte> value)
    {
        switch (Kind)
        {
            case 'i':
                return ToInteger<long>(value).ToString(CultureInfo.InvariantCulture);
            case 'u':
                return ToInteger<ulong>(value).ToString(CultureInfo.InvariantCulture);
            case 'f' when Size < 8:
                return ((float)ToNumber(value)).ToString("R", CultureInfo.InvariantCulture);
            case 'b' or 'f':
                return ToNumber(value).ToString("R", CultureInfo.InvariantCulture);
            case 'S':
                return Decode(StrictUtf8, value.TrimEnd((byte)0), "UTF-8");
            default:
                return Decode(new UTF32Encoding(IsBigEndian, byteOrderMark: false, throwOnInvalidCharacters: true), value, "UTF-32").TrimEnd('\0');
        }
    }

    private T ToInteger<T>(ReadOnlySpan<byte> value)
        where T : IBinaryInteger<T>
    {
        bool isUnsigned = Kind == 'u';
        return IsBigEndian ? T.ReadBigEndian(value, isUnsigned) : T.ReadLittleEndian(value, isUnsigned);
    }

    private static string Decode(Encoding encoding, ReadOnlySpan<byte> value, string name)
    {
        try
        {
            return encoding.GetString(value);
        }
        catch (Exception wrong) when (wrong is DecoderFallbackException or ArgumentException)
        {
            throw new FormatException($"a text that is no {name}", wrong);
        }
    }
}
