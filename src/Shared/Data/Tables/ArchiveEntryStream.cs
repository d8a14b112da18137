using System.IO.Compression;
using System.IO.Hashing;

namespace NnCluster.Data;

/// <summary>Content of an entry of a ZIP archive, whose length and checksum are compared with the archive's at its end.</summary>
/// <param name="entry">The entry.</param>
internal sealed class ArchiveEntryStream(ZipArchiveEntry entry) : ForwardStream(entry.Open())
{
    private readonly Crc32 _checksum = new();
    private long _position;
    private bool _isChecked;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        int got = Source.Read(buffer);
        _checksum.Append(buffer[..got]);
        _position += got;
        if (got == 0 && !_isChecked)
        {
            _isChecked = true;
            if (_position != entry.Length || _checksum.GetCurrentHashAsUInt32() != entry.Crc32)
            {
                throw new InvalidDataException("its length or checksum differs from the one in the archive: the archive is damaged");
            }
        }

        return got;
    }
}
