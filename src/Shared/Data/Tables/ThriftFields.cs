namespace NnCluster.Data;

/// <summary>
/// Walks a structure in Thrift's compact protocol without allocating what it claims: lengths of lists and binaries must fit in the bytes
/// that follow, and structures, lists and maps are nested at most <see cref="MostNested"/> deep. The walk collects the integers of the outermost structure
/// and of the structures in it.
/// </summary>
internal sealed class ThriftFields
{
    private const int MostNested = 32;

    private readonly Dictionary<(int Outer, int Inner), long> _integers = [];
    private readonly byte[] _bytes;
    private readonly int _end;
    private int _position;

    private ThriftFields(byte[] bytes, int length) => (_bytes, _end) = (bytes, length);

    /// <summary>Bytes that the structure takes.</summary>
    public int Length { get; private set; }

    /// <summary>Walks the structure at the start of some bytes.</summary>
    /// <param name="bytes">Bytes that begin with the structure.</param>
    /// <param name="length">Number of bytes that count.</param>
    /// <exception cref="EndOfStreamException">The structure is longer than the bytes.</exception>
    /// <exception cref="InvalidDataException">The bytes are no structure.</exception>
    public static ThriftFields Read(byte[] bytes, int length)
    {
        var fields = new ThriftFields(bytes, length);
        fields.ReadStruct(0, 0);
        fields.Length = fields._position;
        return fields;
    }

    /// <summary>An integer of the outermost structure, or of one in it; null if it is absent. A Boolean is 1 or 0.</summary>
    /// <param name="field">Number of the field.</param>
    /// <param name="inner">Number of the field in the structure that <paramref name="field"/> is; 0: the field itself.</param>
    public long? this[int field, int inner = 0] => _integers.TryGetValue((field, inner), out long value) ? value : null;

    private void ReadStruct(int depth, int outer)
    {
        int field = 0;
        while (true)
        {
            int header = ReadByte();
            int type = header & 0xf;
            if (type == 0)
            {
                return;
            }

            field = header >> 4 is > 0 and int delta ? field + delta : (int)ReadInteger();
            if (depth < 2 && type is >= 1 and <= 6)
            {
                long value = type <= 2 ? 2 - type : type == 3 ? ReadByte() : ReadInteger();
                _integers[depth == 0 ? (field, 0) : (outer, field)] = value;
            }
            else
            {
                Skip(type, depth, field, isElement: false);
            }
        }
    }

    private void Skip(int type, int depth, int field, bool isElement)
    {
        if (depth > MostNested)
        {
            throw new InvalidDataException($"structures, lists and maps are nested more than {MostNested} deep");
        }

        switch (type)
        {
            case 1 or 2:
                Advance(isElement ? 1 : 0);
                break;
            case 3:
                Advance(1);
                break;
            case 4 or 5 or 6:
                ReadInteger();
                break;
            case 7:
                Advance(sizeof(double));
                break;
            case 8:
                Advance(ReadLength());
                break;
            case 9 or 10:
                int list = ReadByte();
                long count = list >> 4 is < 15 and int few ? few : ReadLength();
                SkipElements(list & 0xf, count, depth, field);
                break;
            case 11:
                if (ReadLength() is > 0 and long pairs)
                {
                    int types = ReadByte();
                    for (long i = 0; i < pairs; i++)
                    {
                        SkipElements(types >> 4, 1, depth, field);
                        SkipElements(types & 0xf, 1, depth, field);
                    }
                }

                break;
            case 12:
                ReadStruct(depth + 1, field);
                break;
            default:
                throw new InvalidDataException($"it has a value of the unknown type {type}");
        }
    }

    // Integers of structures in lists are not collected: their depth is counted as if they were nested deeper.
    private void SkipElements(int type, long count, int depth, int field)
    {
        if (count > _end - _position)
        {
            throw new EndOfStreamException($"a list of {count} elements is longer than the {_end - _position} bytes that follow");
        }

        for (long i = 0; i < count; i++)
        {
            Skip(type, depth + 2, field, isElement: true);
        }
    }

    private long ReadLength() => (long)ReadVariable();

    private long ReadInteger()
    {
        ulong raw = ReadVariable();
        return (long)(raw >> 1) ^ -(long)(raw & 1);
    }

    private ulong ReadVariable()
    {
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            int part = ReadByte();
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }

        throw new InvalidDataException("an integer has more than 64 bits");
    }

    private int ReadByte() => _position < _end ? _bytes[_position++] : throw TooShort(1);

    private void Advance(long count) => _position = count >= 0 && count <= _end - _position ? _position + (int)count : throw TooShort(count);

    private EndOfStreamException TooShort(long count) => new($"{count} more bytes are needed, and {_end - _position} follow");
}
