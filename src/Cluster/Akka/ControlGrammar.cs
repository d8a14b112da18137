using System.Buffers.Binary;
using System.Runtime.Serialization;
using System.Text;

namespace NnCluster.AkkaSupport;

/// <summary>
/// Checks the bytes of one control message before Hyperion reads them. Hyperion allocates every length that it reads,
/// follows any nesting until the stack is exhausted and the process with it, and ignores bytes behind the message; it
/// reads from a stream of its own, so no bound can be put between. Here a message is exactly one allowed object with
/// its fields in order, each of its declared type, and nothing behind it.
/// </summary>
/// <remarks>
/// <code>
/// message   = object                       of a control message; then the end
/// object    = 251 name count { name }      fields by name, as the type has them, or
///             255 name                     without their names,
///             { value }                    then the fields' values in the same order
/// name      = int32 UTF-8
/// value     = 2 int64                      number
///           | 7 text                       text
///           | 9 int32 bytes                bytes
///           | 252 7 int32 { text }         texts
///           | object                       actor reference, whose one field is a text
///           | 0                            null: refused, since no field may be absent
/// text      = n-1 bytes of UTF-8 behind n = 1 … 254 | 255 int32 UTF-8 | 0 for null: refused
/// </code>
/// Integers are little-endian. Hyperion 0.12.2 writes so with version tolerance on and object references off.
/// </remarks>
internal ref struct ControlGrammar
{
    private const byte Null = 0;
    private const byte Int64 = 2;
    private const byte Text = 7;
    private const byte ByteArray = 9;
    private const byte ObjectWithFields = 251;
    private const byte Array = 252;
    private const byte ObjectByName = 255;
    private const byte LongText = 255;

    // Far beyond a type's name with version, culture and key: Hyperion keeps each name that it has resolved.
    private const int MaxTypeNameBytes = 512;

    private ReadOnlySpan<byte> _rest;

    private ControlGrammar(ReadOnlySpan<byte> message) => _rest = message;

    /// <summary>Checks a message.</summary>
    /// <exception cref="SerializationException">The bytes are not exactly one control message.</exception>
    public static void Check(ReadOnlySpan<byte> message)
    {
        var reader = new ControlGrammar(message);
        ControlShape shape = reader.TypeName();
        if (shape == ControlTypes.ActorReference)
        {
            throw Error("an actor reference arrived by itself");
        }

        reader.Values(shape);
        if (!reader._rest.IsEmpty)
        {
            throw Error($"{reader._rest.Length} bytes follow the {shape.Type.Name}");
        }
    }

    private static SerializationException Error(string reason) => new($"Not a control message: {reason}.");

    private ControlShape TypeName()
    {
        byte manifest = Byte();
        if (manifest is not (ObjectWithFields or ObjectByName))
        {
            throw Error($"expected an object, found manifest {manifest}");
        }

        int length = Length();
        if (length > MaxTypeNameBytes)
        {
            throw Error($"the name of a type has {length} bytes, at most {MaxTypeNameBytes} are allowed");
        }

        string name = Encoding.UTF8.GetString(Take(length));
        ControlShape shape = ControlTypes.Find(name) ?? throw Error("its type is not on the list of allowed types");
        if (manifest == ObjectWithFields)
        {
            FieldNames(shape);
        }

        return shape;
    }

    private void FieldNames(ControlShape shape)
    {
        if (Byte() != shape.Fields.Length)
        {
            throw Error($"{shape.Type.Name} has {shape.Fields.Length} fields");
        }

        foreach (ControlField field in shape.Fields)
        {
            if (!Take(Length()).SequenceEqual(field.WireName))
            {
                throw Error($"expected the field {field.Property} of {shape.Type.Name}");
            }
        }
    }

    private void Values(ControlShape shape)
    {
        foreach (ControlField field in shape.Fields)
        {
            switch (field.Kind)
            {
                case ControlFieldKind.Number:
                    Expect(Int64, field, shape);
                    Take(sizeof(long));
                    break;
                case ControlFieldKind.Text:
                    Expect(Text, field, shape);
                    TextValue(field, shape);
                    break;
                case ControlFieldKind.Bytes:
                    Expect(ByteArray, field, shape);
                    Take(Length());
                    break;
                case ControlFieldKind.Texts:
                    Expect(Array, field, shape);
                    Expect(Text, field, shape);
                    Elements(field, shape);
                    break;
                case ControlFieldKind.Actor:
                    Reference(field, shape);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(shape), field.Kind, null);
            }
        }
    }

    private void Reference(ControlField field, ControlShape shape)
    {
        RefuseNull(field, shape);
        if (TypeName() != ControlTypes.ActorReference)
        {
            throw Error($"{field.Property} of {shape.Type.Name} is not an actor reference");
        }

        Values(ControlTypes.ActorReference);
    }

    private void Elements(ControlField field, ControlShape shape)
    {
        int count = Length();
        for (int i = 0; i < count; i++)
        {
            TextValue(field, shape);
        }
    }

    private void TextValue(ControlField field, ControlShape shape)
    {
        RefuseNull(field, shape);
        byte length = Byte();
        Take(length == LongText ? Length() : length - 1);
    }

    private void Expect(byte manifest, ControlField field, ControlShape shape)
    {
        RefuseNull(field, shape);
        byte found = Byte();
        if (found != manifest)
        {
            throw Error($"{field.Property} of {shape.Type.Name} has manifest {found}, expected {manifest}");
        }
    }

    private readonly void RefuseNull(ControlField field, ControlShape shape)
    {
        if (!_rest.IsEmpty && _rest[0] == Null)
        {
            throw Error($"a {shape.Type.Name} arrived without its {field.Property}");
        }
    }

    private byte Byte() => Take(1)[0];

    // A number of elements, each of at least one byte of the rest of the message.
    private int Length()
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));
        return length >= 0 && length <= _rest.Length
            ? length
            : throw Error($"it announces {length} elements and has {_rest.Length} bytes left");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > _rest.Length)
        {
            throw Error("it is cut short");
        }

        ReadOnlySpan<byte> taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }
}
