using System.CommandLine;
using System.Globalization;
using System.Runtime.InteropServices;
using NnCluster.AkkaSupport;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Worker;

namespace NnCluster.Cli.Commands;

/// <summary>The command <c>nncluster worker</c>.</summary>
internal sealed class WorkerCommand
{
    private readonly Option<HostPort[]?> _join = CliOption.Parsed<HostPort[]?>("--join", "HOST:PORT[,HOST:PORT]", "Where the coordinator listens; several are tried in turn.", HostPort.ParseList, HostPort.Expected);
    private readonly Option<int?> _workers = CliOption.Whole("--workers", "Workers on this machine. [one a core]", 1, 1024);
    private readonly Option<string?> _name = CliOption.Parsed<string?>("--name", "NAME", "What to call this node. [the host's name]", text => IsName(text) ? text : null, "letters, digits, '.', '-' and '_'");
    private readonly Option<string?> _host = CliOption.Text("--host", "HOST", "What other nodes reach this machine by. [the address that leads to the coordinator]");
    private readonly Option<string?> _cache = CliOption.Text("--cache", "DIR", "Where data sets are kept by their SHA-256. [the user's cache directory]");
    private readonly Option<TimeSpan?> _giveUpAfter = CliOption.Duration("--give-up-after", "How long the coordinator may be away. [10m]");
    private readonly Option<string?> _blas = CliOption.Text("--blas", "simd|openblas|mathnet", "Offer only this backend. [every one there is]");
    private readonly Option<int?> _healthPort = HealthEndpoint.CreateOption();
    private readonly Option<bool> _endWithInput = CliOption.EndWithInput();
    private readonly SecurityOptions _security = new();

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var options = new WorkerCommand();
        options._join.Required = true;
        var command = new Command("worker", "A worker node: joins a coordinator's cluster, computes its share of every step, and comes back by itself when the coordinator was away.")
        {
            options._join, options._workers, options._name, options._host, options._cache, options._giveUpAfter, options._blas, options._healthPort, options._endWithInput,
        };
        foreach (Option option in options._security.All)
        {
            command.Add(option);
        }

        command.SetAction((given, _) => options.RunAsync(given));
        return command;
    }

    private async Task<int> RunAsync(ParseResult given)
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
        };
        using HealthEndpoint? endpoint = HealthEndpoint.Open(given.GetValue(_healthPort), () => health.Report);
        using var stop = new StopSignals(given.GetValue(_endWithInput));
        return await new NodeProcess(options, line => Console.Error.WriteLine($"{name}: {line}")).RunAsync(stop.Token).ConfigureAwait(false);
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
                // Its library is not on this machine.
            }
        }

        return backends;
    }

    private static bool IsName(string text) => text.Length is > 0 and <= 100 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_');

    private static string NameOf(string host) => string.Concat(host.Select(c => IsName(c.ToString(CultureInfo.InvariantCulture)) ? c : '-'));
}
