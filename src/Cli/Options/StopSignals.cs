using System.Runtime.InteropServices;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Options;

/// <summary>
/// Asks for the end of the program on SIGINT or SIGTERM, or at the end of standard input where another program has started
/// this one and holds the other end. In that case SIGINT is ignored: Ctrl-C reaches both programs, and the other one
/// decides. The first signal asks, the second one ends the process at once.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    /// <summary>Starts listening.</summary>
    /// <param name="endWithInput">Whether the end of standard input asks for the end too.</param>
    public StopSignals(bool endWithInput)
    {
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, endWithInput ? context => context.Cancel = true : Stop);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        if (endWithInput)
        {
            new Thread(WatchInput) { IsBackground = true, Name = "standard input" }.Start();
        }
    }

    /// <summary>Cancelled when the end is asked for.</summary>
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
