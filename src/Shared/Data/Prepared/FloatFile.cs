using System.Buffers;
using System.Runtime.InteropServices;

namespace NnCluster.Data;

/// <summary>A file of little-endian float32 that is written in order.</summary>
internal sealed class FloatFile : IBufferWriter<float>, IDisposable
{
    private const int BufferLength = 1 << 18;

    private readonly FileStream _file;
    private float[] _buffer = new float[BufferLength];
    private int _filled;

    /// <summary>Creates a file, which must not exist.</summary>
    /// <exception cref="IOException">It cannot be written; also from the other methods.</exception>
    public FloatFile(string path) => _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);

    /// <inheritdoc/>
    public void Advance(int count) => _filled += count;

    /// <inheritdoc/>
    public Memory<float> GetMemory(int sizeHint = 0)
    {
        if (_filled + Math.Max(1, sizeHint) > _buffer.Length)
        {
            Flush();
            Array.Resize(ref _buffer, Math.Max(_buffer.Length, sizeHint));
        }

        return _buffer.AsMemory(_filled);
    }

    /// <inheritdoc/>
    public Span<float> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Appends values.</summary>
    public void Write(ReadOnlySpan<float> values)
    {
        while (!values.IsEmpty)
        {
            Span<float> room = GetSpan();
            int count = Math.Min(room.Length, values.Length);
            values[..count].CopyTo(room);
            Advance(count);
            values = values[count..];
        }
    }

    /// <summary>Writes what is buffered, to the disk.</summary>
    public void Complete()
    {
        Flush();
        _file.Flush(flushToDisk: true);
    }

    /// <summary>Closes the file; what is buffered is not written.</summary>
    public void Dispose() => _file.Dispose();

    private void Flush()
    {
        _file.Write(MemoryMarshal.AsBytes(_buffer.AsSpan(0, _filled)));
        _filled = 0;
    }
}
