using System.Buffers;
using System.Text.Json;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>
/// A file of JSON objects, one a line. Lines gather in memory until <see cref="TryFlush"/>; those that cannot be written
/// stay there and are tried again, at the same place, so that a write that was cut short leaves no torn line.
/// </summary>
internal sealed class LineFile(FileStream stream) : IDisposable
{
    /// <summary>So many bytes are worth a write.</summary>
    public const int WriteThreshold = 1 << 16;

    private ArrayBufferWriter<byte> _buffer = new(2 * WriteThreshold);
    private long _end = stream.CanSeek ? stream.Position : 0;

    /// <summary>Takes the next line's object.</summary>
    public Utf8JsonWriter Json => field ??= new(_buffer, new() { SkipValidation = true });

    /// <summary>Bytes that are not in the file yet.</summary>
    public int Held => _buffer.WrittenCount;

    /// <summary>Ends a line.</summary>
    public void EndLine()
    {
        Json.Flush();
        Json.Reset();
        _buffer.Write("\n"u8);
    }

    /// <summary>Writes what has gathered; null, or why it could not be written.</summary>
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
