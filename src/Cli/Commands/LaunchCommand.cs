using System.CommandLine;
using System.Globalization;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Control;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster launch</c>.</summary>
internal sealed class LaunchCommand
{
    private const string Ssh = "ssh -o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=15";

    private readonly TrainOptions _train = new();
    private readonly Option<int?> _workers = CliOption.Whole(
        "--workers", "Nodes to start on this machine, in addition to those of --hosts.", 1, 1024);
    private readonly Option<int?> _workersPerNode = CliOption.Whole("--workers-per-node", "Workers of each node. [1]", 1, 1024);
    private readonly Option<HostWorkers[]?> _hosts = CliOption.Parsed<HostWorkers[]?>(
        "--hosts",
        "HOST[:WORKERS],…",
        "Start a node on each of these machines over SSH; needs --listen with an address that they reach. Paths of certificates "
        + "and cookie are paths there.",
        HostWorkers.ParseList,
        "hosts with their workers, an IPv6 address in brackets, such as alpha:2,[fd00::1]:4");
    private readonly Option<string[]?> _sshCommand = CliOption.Parsed<string[]?>(
        "--ssh-command", "COMMAND", $"Command that starts a program on another machine, with the quotation marks of a shell. [{Ssh}]",
        ShellWords.Parse, ShellWords.Expected);
    private readonly Option<string?> _remoteCommand = CliOption.Parsed<string?>(
        "--remote-command", "COMMAND", "Command that starts a node on the other machines; their shell reads it. [nncluster worker]",
        text => ShellWords.Parse(text) is null ? null : text, ShellWords.Expected);
    private readonly Option<string?> _cache = CliOption.Text(
        "--cache", "DIR", "Directory in which nodes keep data sets. [their user's cache directory]");
    private readonly Option<int?> _maxRestarts = CliOption.Whole(
        "--max-restarts",
        "Restarts of each process in an hour: the first at once, then after 2, 4, 8 s and so on up to a minute. 8 restarts take "
        + "3 minutes, in which a machine can boot. [3]",
        0);

    private IEnumerable<Option> PassedOn =>
        _train.All
            .Except([_train.Workers, _train.Listen, _train.MinWorkers, _train.StartWorkers])
            .Except([_train.Out, _train.Resume, _train.EndWithInput, _train.StatusFd, _train.Config])
            .Concat([_train.Out, _train.Resume]);

    // A coordinator that is restarted takes the network and its parameters from the run directory; the files may have changed.
    private Option[] OfFirstCoordinator => [_train.Out, _train.Resume, _train.Model, _train.InitFrom];

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var launch = new LaunchCommand();
        TrainOptions train = launch._train;
        train.MinWorkers.Description = "Workers that must be present to compute; the run ends when so many can no longer join. [1]";
        train.StartWorkers.Description = "Workers that must be present before the first step. [all that are started]";
        var command = new Command(
            "launch",
            "Start a coordinator and its nodes, on this machine or over SSH, and end all of them with the run. "
            + "Takes the options of train. " + ExitCode.Help)
        {
            launch._workers, launch._workersPerNode, launch._hosts, launch._sshCommand, launch._remoteCommand, launch._cache,
            launch._maxRestarts,
        };
        Option[] own = [train.Listen, train.MinWorkers, train.StartWorkers, train.EndWithInput, train.StatusFd, train.Config];
        foreach (Option option in launch.PassedOn.Concat(own))
        {
            command.Add(option);
        }

        command.SetAction((given, _) => StatusWriter.RunAsync(
            given.GetValue(train.StatusFd), status => launch.RunAsync(given, status), OptionNames.MessageOf));
        return command;
    }

    private async Task<ProcessEnd> RunAsync(ParseResult given, StatusWriter status)
    {
        LaunchPlan plan = Plan(given);
        using var stop = new StopSignals(given.GetValue(_train.EndWithInput));
        using var launcher = new Launcher(plan, Console.Error.WriteLine, status.Write);
        return await launcher.RunAsync(stop.Token).ConfigureAwait(false);
    }

    private LaunchPlan Plan(ParseResult given)
    {
        HostWorkers[] hosts = given.GetValue(_hosts) ?? [];
        int count = given.GetValue(_workers) ?? 0;
        if (hosts.Length + count == 0)
        {
            throw new BadInputException("launch needs --workers N for this machine, or --hosts HOST:WORKERS,… for others, or both.");
        }

        HostPort? listen = given.GetValue(_train.Listen);
        if (hosts.Length > 0 && listen is null)
        {
            throw new BadInputException("--hosts needs --listen HOST:PORT with an address of this machine that the others reach.");
        }

        int perNode = given.GetValue(_workersPerNode) ?? 1;
        int workers = (count * perNode) + hosts.Sum(host => host.Workers ?? perNode);
        int least = given.GetValue(_train.MinWorkers) ?? 1;
        int first = given.GetValue(_train.StartWorkers) ?? workers;
        foreach ((Option<int?> option, int needed) in new[] { (_train.MinWorkers, least), (_train.StartWorkers, first) })
        {
            if (needed > workers && listen is null)
            {
                throw new BadInputException(
                    $"{option.Name} {needed}: only {workers} are started; with --listen HOST:PORT others can join.");
            }
        }

        listen ??= new("127.0.0.1", LocalPort.FindFree());
        HostPort join = AdvertisedAddress.Of(given.GetValue(_train.Advertise), listen);
        Option[] always = [.. PassedOn.Except(OfFirstCoordinator)];
        return new()
        {
            Coordinator =
            [
                .. ProgramPath.Of("nncluster"), "train", "--end-with-input", "--workers", "0", "--listen", listen.ToString(),
                "--min-workers", Text(least), .. Given(given, always),
            ],
            // A coordinator that is restarted begins with the workers that are present.
            First = ["--start-workers", Text(first), .. Given(given, OfFirstCoordinator)],
            Out = given.GetValue(_train.Resume) is null ? given.GetValue(_train.Out) : null,
            MinWorkers = least,
            Workers =
            [
                .. Enumerable.Range(1, count).Select(number => Local(given, join, $"worker-{number}", perNode)),
                .. RemoteNames(hosts, count).Zip(hosts, (name, host) => Remote(given, join, name, host.Host, host.Workers ?? perNode)),
            ],
            MaxRestarts = given.GetValue(_maxRestarts) ?? 3,
        };
    }

    private NodeCommandLine Local(ParseResult given, HostPort join, string name, int perNode) =>
        new(name, [.. ProgramPath.Of("nncluster"), "worker", .. WorkerOptions(given, join, name, perNode)], perNode);

    // Names of nodes are unique: a host may be listed twice, and two hosts may differ only in characters that a name cannot have.
    private static IEnumerable<string> RemoteNames(HostWorkers[] hosts, int local)
    {
        HashSet<string> taken = [.. Enumerable.Range(1, local).Select(number => $"worker-{number}")];
        foreach (HostWorkers host in hosts)
        {
            string plain = string.Concat(host.Host.Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' ? c : '-'));
            string name = plain;
            for (int number = 2; !taken.Add(name); number++)
            {
                name = $"{plain}-{number}";
            }

            yield return name;
        }
    }

    private NodeCommandLine Remote(ParseResult given, HostPort join, string name, string host, int perNode)
    {
        string[] ssh = given.GetValue(_sshCommand) ?? ShellWords.Parse(Ssh)!;
        // A shell on the other machine reads the line: the command goes there as it is, and everything that this program adds is quoted.
        string remote = given.GetValue(_remoteCommand) ?? "nncluster worker";
        return new(name, [.. ssh, host, remote, .. WorkerOptions(given, join, name, perNode).Select(Quote)], perNode, host);
    }

    private IEnumerable<string> WorkerOptions(ParseResult given, HostPort join, string name, int perNode) =>
    [
        "--end-with-input", "--join", join.ToString(), "--name", name, "--workers", Text(perNode),
        StatusWriter.OptionName, Text(StatusWriter.StandardOutput),
        .. given.GetValue(_cache) is { } cache ? new[] { "--cache", cache } : [],
        .. Given(given, _train.Security.All),
    ];

    /// <summary>The options that were given, as arguments of a command line.</summary>
    internal static IEnumerable<string> Given(ParseResult given, IEnumerable<Option> options)
    {
        foreach (Option option in options)
        {
            if (given.GetResult(option) is { Implicit: false } result)
            {
                yield return option.Name;
                foreach (var token in result.Tokens)
                {
                    yield return token.Value;
                }
            }
        }
    }

    private static string Quote(string argument) =>
        argument.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,@=".Contains(c))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A machine of <c>--hosts</c>.</summary>
    private sealed record HostWorkers(string Host, int? Workers)
    {
        public static HostWorkers[]? ParseList(string text)
        {
            string[] parts = text.Split(',', StringSplitOptions.TrimEntries);
            HostWorkers[] hosts = [.. parts.Select(Parse).OfType<HostWorkers>()];
            return hosts.Length == parts.Length ? hosts : null;
        }

        private static HostWorkers? Parse(string text)
        {
            // An IPv6 address is given in brackets, and ssh takes it without. Without them, its last group could be a number of workers.
            if ((text.Count(c => c == ':') > 1 && !text.StartsWith('[')) || text.StartsWith('[') != text.Contains(']'))
            {
                return null;
            }

            int colon = text.EndsWith(']') ? -1 : text.LastIndexOf(':');
            string host = (colon < 0 ? text : text[..colon]).Trim('[', ']');
            // ssh would take a host that begins with a hyphen for an option.
            return host.Length == 0 || host[0] == '-' || host.Any(char.IsWhiteSpace) ? null
                : colon < 0 ? new(host, null)
                : int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int perNode)
                    && perNode is > 0 and <= 1024 ? new(host, perNode)
                : null;
        }
    }
}
