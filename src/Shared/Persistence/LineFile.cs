using System.Buffers;
using System.Text.Json;

namespace NnCluster.Persistence;

/// <summary>
/// Appends JSON objects to a file, one a line. Lines collect in memory until <see cref="TryFlush"/>. Lines that cannot be
/// written stay in memory and are written again at the same position, so an incomplete write leaves no torn line.
/// </summary>
internal sealed class LineFile(FileStream stream) : IDisposable
{
    /// <summary>Bytes in memory from which on a write pays.</summary>
    public const int WriteThreshold = 1 << 16;

    private ArrayBufferWriter<byte> _buffer = new(2 * WriteThreshold);
    private long _end = stream.CanSeek ? stream.Position : 0;

    /// <summary>Whether nothing was ever written to the file, nor waits for it.</summary>
    public bool IsEmpty => _end == 0 && _buffer.WrittenCount == 0;

    /// <summary>Receives the object of the next line.</summary>
    public Utf8JsonWriter Json => field ??= new(_buffer, new() { SkipValidation = true });

    /// <summary>Bytes in memory that are not in the file yet.</summary>
    public int Held => _buffer.WrittenCount;

    /// <summary>Ends a line.</summary>
    public void EndLine()
    {
        Json.Flush();
        Json.Reset();
        _buffer.Write("\n"u8);
    }

    /// <summary>Writes the lines in memory.</summary>
    /// <returns>Null, or the error.</returns>
    public RunDirectoryException? TryFlush()
    {
        if (_buffer.WrittenCount == 0)
        {
            return null;
        }

        try
        {
            RunDirectoryException.Guard(stream.Name, Write);
        }
        catch (RunDirectoryException failure)
        {
            return failure;
        }

        _end += _buffer.WrittenCount;
        Forget();
        return null;
    }

    public void Dispose()
    {
        Json.Dispose();
        stream.Dispose();
    }

    private void Write()
    {
        if (stream.CanSeek)
        {
            stream.Position = _end;
        }

        stream.Write(_buffer.WrittenSpan);
        stream.Flush();
    }

    private void Forget()
    {
        if (_buffer.Capacity <= 4 * WriteThreshold)
        {
            _buffer.ResetWrittenCount();
            return;
        }

        _buffer = new(2 * WriteThreshold);
        Json.Reset(_buffer);
    }
}
