using System.Buffers;
using NnCluster.Persistence.TensorBoard;

namespace NnCluster.Persistence;

/// <summary>A new event file of TensorBoard. Records collect in memory until <see cref="Flush"/>.</summary>
internal sealed class EventFile : IDisposable
{
    // Bytes in memory from which on a write pays.
    private const int WriteThreshold = 1 << 16;

    // From version 2 on, TensorBoard removes the steps after a restart by its session log.
    private const string FormatVersion = "brain.Event:2";

    private readonly FileStream _stream;
    private ArrayBufferWriter<byte> _buffer = new(2 * WriteThreshold);

    private EventFile(FileStream stream) => _stream = stream;

    /// <summary>Creates the file and its directory; the first records are the version and the start of the session.</summary>
    /// <param name="path">The file; it must not exist.</param>
    /// <param name="wallTime">Time of the first records, in seconds since 1970, UTC.</param>
    /// <param name="firstStep">
    /// First step of the session, from 1. Of every session of a run but the first, TensorBoard removes this step and later ones
    /// that earlier files have.
    /// </param>
    /// <exception cref="RunDirectoryException">It cannot be written.</exception>
    public static EventFile Create(string path, double wallTime, long firstStep)
    {
        EventFile file = RunDirectoryException.Guard(path, () =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return new EventFile(new(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0));
        });
        file.Append(new() { WallTime = wallTime, FileVersion = FormatVersion });
        file.Append(new()
        {
            WallTime = wallTime,
            Step = firstStep,
            SessionLog = new() { Status = SessionLogProto.Types.SessionStatus.Start },
        });
        return file;
    }

    /// <summary>Appends an event.</summary>
    /// <exception cref="RunDirectoryException">The file cannot be written.</exception>
    public void Append(EventProto message)
    {
        EventRecord.Append(_buffer, message);
        if (_buffer.WrittenCount >= WriteThreshold)
        {
            Flush();
        }
    }

    /// <summary>Writes the records in memory.</summary>
    /// <exception cref="RunDirectoryException">The file cannot be written.</exception>
    public void Flush()
    {
        RunDirectoryException.Guard(_stream.Name, () => _stream.Write(_buffer.WrittenSpan));
        if (_buffer.Capacity > 4 * WriteThreshold)
        {
            _buffer = new(2 * WriteThreshold);
        }
        else
        {
            _buffer.ResetWrittenCount();
        }
    }

    /// <summary>Closes the file, without the records in memory.</summary>
    public void Dispose() => _stream.Dispose();
}
