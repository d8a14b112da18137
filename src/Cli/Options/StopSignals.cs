using System.Runtime.InteropServices;

namespace NnCluster.Cli.Options;

/// <summary>
/// Requests the end of the program on SIGINT or SIGTERM. A second signal kills the program. With <c>--end-with-input</c>, the
/// end of standard input requests the end too, and SIGINT is ignored: Ctrl-C also reaches the program that started this one.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    /// <summary>Listens for signals.</summary>
    /// <param name="endWithInput">True: the end of standard input counts as a signal.</param>
    public StopSignals(bool endWithInput)
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, endWithInput ? context => context.Cancel = true : Stop);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        if (endWithInput)
        {
            new Thread(WatchInput) { IsBackground = true, Name = "standard input" }.Start();
        }
    }

    /// <summary>Cancelled when the end is requested.</summary>
    public CancellationToken Token => _stop.Token;

    /// <inheritdoc/>
    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _stop.Dispose();
    }

    private void Stop(PosixSignalContext context)
    {
        if (!_stop.IsCancellationRequested)
        {
            context.Cancel = true;
            _stop.Cancel();
        }
    }

    private void WatchInput()
    {
        using Stream input = Console.OpenStandardInput();
        byte[] ignored = new byte[64];
        while (input.Read(ignored) > 0)
        {
        }

        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The program is ending.
        }
    }
}
