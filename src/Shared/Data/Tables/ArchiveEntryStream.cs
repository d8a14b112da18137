using System.IO.Compression;
using System.IO.Hashing;

namespace NnCluster.Data;

/// <summary>Content of an entry of a ZIP archive, whose length and checksum are compared with the archive's at its end.</summary>
/// <param name="entry">The entry.</param>
internal sealed class ArchiveEntryStream(ZipArchiveEntry entry) : Stream
{
    private readonly Stream _content = entry.Open();
    private readonly Crc32 _checksum = new();
    private long _position;
    private bool _isChecked;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => _position; set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        int got = _content.Read(buffer);
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

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Dispose();
        }

        base.Dispose(disposing);
    }
}
