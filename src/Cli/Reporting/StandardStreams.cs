using System.Text;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Reporting;

/// <summary>
/// Standard output and standard error that may break, for instance on a full disk, while the program goes on: after the first failure all
/// text is dropped. Disposing restores the streams.
/// </summary>
internal sealed class StandardStreams : IDisposable
{
    private readonly TextWriter _output = Console.Out;
    private readonly TextWriter _error = Console.Error;
    private readonly LossyWriter _results;

    /// <summary>Replaces the streams.</summary>
    public StandardStreams()
    {
        _results = new(_output);
        Console.SetOut(_results);
        Console.SetError(new LossyWriter(_error));
    }

    /// <summary>The exit code of a program that ended with one: a result that could not be written is a failure, and is said.</summary>
    public int ExitCodeFor(int code)
    {
        if (_results.Failure is not { } failure)
        {
            return code;
        }

        Console.Error.WriteLine($"standard output cannot be written: {failure.Message.ReplaceLineEndings(" ")}");
        return code == ExitCode.Done ? ExitCode.Failed : code;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Console.SetOut(_output);
        Console.SetError(_error);
    }

    /// <summary>A writer that drops everything after its first failure.</summary>
    /// <param name="inner">Receives the text.</param>
    internal sealed class LossyWriter(TextWriter inner) : TextWriter
    {
        /// <summary>The first failure; null if there was none.</summary>
        public Exception? Failure { get; private set; }

        /// <inheritdoc/>
        public override Encoding Encoding => inner.Encoding;

        /// <inheritdoc/>
        public override void Write(char value) => Try(() => inner.Write(value));

        /// <inheritdoc/>
        public override void Write(string? value) => Try(() => inner.Write(value));

        /// <inheritdoc/>
        public override void Write(char[] buffer, int index, int count) => Try(() => inner.Write(buffer, index, count));

        /// <inheritdoc/>
        public override void WriteLine(string? value) => Try(() => inner.WriteLine(value));

        /// <inheritdoc/>
        public override void Flush() => Try(inner.Flush);

        // A descriptor that is closed, or open for reading only, arrives as UnauthorizedAccessException.
        private void Try(Action write)
        {
            if (Failure is not null)
            {
                return;
            }

            try
            {
                write();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                Failure = e;
            }
        }
    }
}
