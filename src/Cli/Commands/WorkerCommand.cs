using System.CommandLine;
using System.Globalization;
using NnCluster.Cli.Options;
using NnCluster.Cli.Serving;
using NnCluster.Control;
using NnCluster.Numerics;
using NnCluster.Worker;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary>The command <c>nncluster worker</c>.</summary>
internal sealed class WorkerCommand
{
    private readonly Option<HostPort[]?> _join = CliOption.Parsed<HostPort[]?>(
        "--join",
        "HOST:PORT[,HOST:PORT]",
        "Address of the coordinator; several are tried in turn.",
        HostPort.ParseList,
        HostPort.Expected);
    private readonly Option<int?> _workers = CliOption.Whole("--workers", "Workers of this node. [one a core]", 1, 1024);
    private readonly Option<string?> _name = CliOption.Parsed<string?>(
        "--name", "NAME", "Name of this node. [the host's name]", text => IsName(text) ? text : null, "letters, digits, '.', '-' and '_'");
    private readonly Option<string?> _host = CliOption.Text(
        "--host", "HOST", "Name or address of this machine for other nodes. [the first name in its certificate that resolves to its address, else its address on the way to the coordinator]");
    private readonly Option<string?> _cache = CliOption.Text(
        "--cache", "DIR", "Directory that keeps data sets by their SHA-256. [the user's cache directory]");
    private readonly Option<TimeSpan?> _giveUpAfter = CliOption.Duration(
        "--give-up-after", "Time without a coordinator after which the process ends. [10m]");
    private readonly Option<string?> _blas = CliOption.Text(
        "--blas", "simd|openblas|mathnet", "Offer only this backend. [all that are installed]");
    private readonly Option<int?> _healthPort = CliOption.HealthPort();
    private readonly Option<bool> _endWithInput = CliOption.EndWithInput();
    private readonly Option<int?> _statusFd = CliOption.StatusFd();
    private readonly SecurityOptions _security = new();

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var options = new WorkerCommand();
        options._join.Required = true;
        var command = new Command(
            "worker",
            "Run a node: join a coordinator's cluster, compute shards of every step, and join again after a restart of the "
            + "coordinator. " + ExitCode.Help)
        {
            options._join, options._workers, options._name, options._host, options._cache, options._giveUpAfter, options._blas,
            options._healthPort, options._statusFd, options._endWithInput,
        };
        foreach (Option option in options._security.All)
        {
            command.Add(option);
        }

        command.SetAction((given, _) =>
        {
            // Standard output may be the status channel: text of a library must not get into it.
            Console.SetOut(Console.Error);
            return StatusWriter.RunAsync(
                given.GetValue(options._statusFd), status => options.RunAsync(given, status), OptionNames.MessageOf);
        });
        return command;
    }

    private async Task<ProcessEnd> RunAsync(ParseResult given, StatusWriter status)
    {
        HostPort[] coordinators = given.GetRequiredValue(_join)!;
        var health = new HealthState(TimeProvider.System);
        string name = given.GetValue(_name) ?? NameOf(Environment.MachineName);
        var options = new NodeOptions
        {
            Coordinators = coordinators,
            Name = name,
            Workers = given.GetValue(_workers) ?? Environment.ProcessorCount,
            Host = given.GetValue(_host),
            Backends = Backends(given.GetValue(_blas)),
            Cache = new(given.GetValue(_cache) ?? DatasetCache.DefaultDirectory),
            Security = coordinators.Select(coordinator => _security.Load(given, coordinator.Host)).Last(),
            GiveUpAfter = given.GetValue(_giveUpAfter) ?? TimeSpan.FromMinutes(10),
            Health = health,
            Status = status.Write,
            Describe = OptionNames.ReasonOf,
        };
        await using HealthEndpoint? endpoint = await HealthEndpoint.OpenAsync(given.GetValue(_healthPort), () => health.Report).ConfigureAwait(false);
        using TelemetryExport? export = TelemetryExport.Open();
        using var stop = new StopSignals(given.GetValue(_endWithInput));
        return await new NodeProcess(options, line => Console.Error.WriteLine($"{name}: {line}"))
            .RunAsync(stop.Token)
            .ConfigureAwait(false);
    }

    private static List<IBlas> Backends(string? only)
    {
        if (only is not null)
        {
            return [Blas.Create(only)];
        }

        List<IBlas> backends = [];
        foreach (string name in Blas.Names)
        {
            try
            {
                backends.Add(Blas.Create(name));
            }
            catch (BadInputException)
            {
                // The library is not installed.
            }
        }

        return backends;
    }

    private static bool IsName(string text) =>
        text.Length is > 0 and <= 100 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    private static string NameOf(string host) =>
        string.Concat(host.Select(c => IsName(c.ToString(CultureInfo.InvariantCulture)) ? c : '-'));
}
