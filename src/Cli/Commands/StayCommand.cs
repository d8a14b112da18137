using System.CommandLine;
using NnCluster.Cli.Options;
using NnCluster.Cli.Serving;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary>
/// <c>nncluster stay</c>, hidden, for <c>start-or-resume</c>: keeps a process for a finished run, under a supervisor that
/// restarts every process that ends and kills every process that does not answer.
/// </summary>
internal static class StayCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        Option<int?> port = CliOption.HealthPort();
        port.Required = true;
        var command = new Command("stay", "Answer on the health port, alive and not ready, until SIGINT or SIGTERM.") { port };
        command.Hidden = true;
        command.SetAction((given, _) => RunAsync(given.GetRequiredValue(port)));
        return command;
    }

    private static async Task<int> RunAsync(int? port)
    {
        await using HealthEndpoint? endpoint = await HealthEndpoint
            .OpenAsync(port, () => new(Alive: true, Ready: false, "the run is finished"))
            .ConfigureAwait(false);
        using var stop = new StopSignals(endWithInput: false);
        var stopRequested = new TaskCompletionSource();
        await using (stop.Token.Register(stopRequested.SetResult))
        {
            await stopRequested.Task.ConfigureAwait(false);
        }

        return ExitCode.Done;
    }
}
