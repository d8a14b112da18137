using System.Buffers.Binary;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.AkkaSupport;

/// <summary>
/// The bytes of one control message, distrusted. Hyperion ignores how much a read returned, believes every length it
/// reads, and follows any nesting until the stack is gone and the process with it; here a short read, a length beyond
/// the message and more objects than any message has throw instead. Control messages hold no 32-bit field, so four bytes read at once are a length or a reference,
/// unless the length before them announced just four bytes of content.
/// </summary>
internal sealed class ControlStream(byte[] message) : MemoryStream(message, writable: false)
{
    private const int WordBytes = sizeof(int);

    // A message is one object, and each actor reference in it another; long strings can look like one.
    private const int MaxObjects = 64;
    private const int FullManifest = 255;
    private const int IndexManifest = 254;
    private const int VersionManifest = 251;

    private int _objects;
    private bool _announced;

    /// <inheritdoc/>
    public override int ReadByte()
    {
        int value = base.ReadByte();
        if (value < 0)
        {
            throw new EndOfStreamException("the message is cut short");
        }

        if (value is FullManifest or IndexManifest or VersionManifest && ++_objects > MaxObjects)
        {
            throw new InvalidDataException($"the message holds more than {MaxObjects} objects");
        }

        // A string's length, plus one, in its short form.
        _announced = value == WordBytes + 1;
        return value;
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count)
    {
        if (count > Length - Position)
        {
            throw new EndOfStreamException("the message is cut short");
        }

        int read = base.Read(buffer, offset, count);
        bool content = _announced;
        _announced = false;
        if (count == WordBytes && !content)
        {
            int value = BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(offset));
            if (value < 0 || value > Length)
            {
                throw new InvalidDataException($"the message announces {value} bytes and has {Length}");
            }

            _announced = value == WordBytes;
        }

        return read;
    }
}
