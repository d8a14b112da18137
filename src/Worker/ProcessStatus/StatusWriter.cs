using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Win32.SafeHandles;

namespace NnCluster.Worker.ProcessStatus;

/// <summary>
/// Writes status records to a descriptor that the starting process has opened. <see cref="Write"/> never waits: a thread of
/// its own writes, keeps the newest <see cref="Capacity"/> records while the reader does not read, and stops when the
/// reader is gone.
/// </summary>
internal sealed class StatusWriter : IDisposable
{
    /// <summary>Records that are kept while the reader does not read; then the oldest is dropped.</summary>
    public const int Capacity = 256;

    /// <summary>Descriptor of standard output.</summary>
    public const int StandardOutput = 1;

    /// <summary>The option's name.</summary>
    public const string OptionName = "--status-fd";

    private static readonly TimeSpan FlushTimeout = TimeSpan.FromSeconds(1);

    private readonly Channel<StatusRecord> _records = Channel.CreateBounded<StatusRecord>(
        new BoundedChannelOptions(Capacity) { FullMode = BoundedChannelFullMode.DropOldest, SingleReader = true });
    private readonly Stream? _stream;
    private readonly Thread? _thread;

    // Odd while a write call is under way.
    private long _call;

    private StatusWriter(Stream? stream)
    {
        _stream = stream;
        if (stream is not null)
        {
            _thread = new(WriteAll) { IsBackground = true, Name = "status writer" };
            _thread.Start();
        }
    }

    /// <summary>Starts writing.</summary>
    /// <param name="descriptor">An open descriptor (on Windows, a handle), or 1 for standard output; null: records go nowhere.</param>
    /// <exception cref="BadInputException">The descriptor is not open for writing.</exception>
    public static StatusWriter Open(int? descriptor) => new(descriptor switch
    {
        null => null,
        StandardOutput => Console.OpenStandardOutput(),
        { } number => OpenDescriptor(number),
    });

    /// <summary>Starts writing to a stream, which the writer disposes.</summary>
    public static StatusWriter To(Stream stream) => new(stream);

    /// <summary>Runs a program between its first record and its last.</summary>
    /// <param name="descriptor">As <see cref="Open"/>.</param>
    /// <param name="program">The program; gets the writer, returns how it ended.</param>
    /// <param name="describe">Text of bad input, with the names that the user knows the properties by; null: its message.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(
        int? descriptor, Func<StatusWriter, Task<ProcessEnd>> program, Func<BadInputException, string>? describe = null)
    {
        using StatusWriter writer = Open(descriptor);
        writer.Write(new Starting(Environment.ProcessId));
        try
        {
            ProcessEnd end = await program(writer).ConfigureAwait(false);
            writer.WriteEnd(end.ExitCode, end.Reason);
            return end.ExitCode;
        }
        catch (BadInputException e)
        {
            writer.WriteEnd(ExitCode.BadInput, describe?.Invoke(e) ?? e.Message);
            throw;
        }
        catch (Exception e)
        {
            writer.WriteEnd(ExitCode.Failed, e.Message);
            throw;
        }
    }

    /// <summary>Queues a record.</summary>
    public void Write(StatusRecord record)
    {
        if (_stream is not null)
        {
            _records.Writer.TryWrite(record);
        }
    }

    /// <summary>Writes what is queued, and closes the stream; gives up when a write call has taken a second.</summary>
    public void Dispose()
    {
        _records.Writer.TryComplete();
        if (_thread is null)
        {
            return;
        }

        // A reader that does not read keeps the thread in its write call; the process must end all the same. On a busy machine the
        // thread may only wait for a processor.
        long call;
        do
        {
            call = Volatile.Read(ref _call);
            if (_thread.Join(FlushTimeout))
            {
                _stream!.Dispose();
                return;
            }
        }
        while (call % 2 == 0 || call != Volatile.Read(ref _call));
    }

    private void WriteEnd(int exitCode, string? reason) => Write(new Ended(exitCode, ExitCode.OutcomeOf(exitCode), reason));

    private static FileStream OpenDescriptor(int number)
    {
        try
        {
            var handle = new SafeFileHandle(number, ownsHandle: true);
            if (!OperatingSystem.IsWindows())
            {
                // Fails for a descriptor that is not open.
                File.GetUnixFileMode(handle);
            }

            // Without a buffer each line is one call, and pipes keep calls of up to 4096 bytes whole.
            return new(handle, FileAccess.Write, bufferSize: 0);
        }
        catch (Exception e) when (e is IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw new BadInputException(
                string.Create(CultureInfo.InvariantCulture, $"{OptionName} {number}: is not open for writing: {e.Message}"), e);
        }
    }

    private void WriteAll()
    {
        try
        {
            while (_records.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
            {
                while (_records.Reader.TryRead(out StatusRecord? record))
                {
                    byte[] json = JsonSerializer.SerializeToUtf8Bytes(record, StatusJson.Default.StatusRecord);
                    Interlocked.Increment(ref _call);
                    _stream!.Write([.. json, (byte)'\n']);
                    _stream.Flush();
                    Interlocked.Increment(ref _call);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // The reader is gone. The run goes on without it.
            _records.Writer.TryComplete();
        }
    }
}

/// <summary>How a program ended.</summary>
/// <param name="ExitCode">One of <see cref="Cli.ExitCode"/>.</param>
/// <param name="Reason">Cause, for display; null where the exit code says all.</param>
internal readonly record struct ProcessEnd(int ExitCode, string? Reason = null);
