using System.CommandLine;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Persistence;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster chaos</c>.</summary>
internal sealed class ChaosCommand
{
    private const string Endless = "100000";
    private static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(30);
    private static readonly ChaosFault[] DefaultFaults =
        [ChaosFault.Kill, ChaosFault.Pause, ChaosFault.Slow, ChaosFault.Partition, ChaosFault.Coordinator];
    private static readonly string AllFaults = string.Join(", ", Enum.GetValues<ChaosFault>().Select(CliOption.NameOf));

    private readonly TrainOptions _train = new();
    private readonly Option<int?> _workers = CliOption.Whole("--workers", "Nodes on this machine, each with one worker.", 1, 64);
    private readonly Option<ChaosFault[]?> _faults = CliOption.Parsed<ChaosFault[]?>(
        "--faults",
        "KIND,…",
        $"Faults to inject, some of {AllFaults}. [{string.Join(',', DefaultFaults.Select(CliOption.NameOf))}]",
        ParseFaults,
        $"some of {AllFaults}, separated by commas");
    private readonly Option<TimeSpan?> _every = Quantity.PositiveDuration("--every", "Shortest time between two faults. [2s]");
    private readonly Option<TimeSpan?> _duration = Quantity.PositiveDuration(
        "--duration", "Time under faults after which the run is ended. [30s, unless --count or --epochs is given]");
    private readonly Option<int?> _count = CliOption.Whole("--count", "Number of faults after which the run is ended.", 1);
    private readonly Option<NetworkKind?> _network = CliOption.Choice<NetworkKind>(
        "--network",
        "Place of a partition: a network namespace for each node (root), or a relay of the data links. [namespaces if permitted]");

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var chaos = new ChaosCommand();
        chaos._train.Out.Description = "A new directory for the files of both runs. [a temporary one, removed if the bits are the same]";
        var command = new Command(
            "chaos",
            "Train once under a seeded schedule of faults, with real processes, and once without faults, and compare the bits. "
            + "Takes the options of train.")
        {
            chaos._workers, chaos._faults, chaos._every, chaos._duration, chaos._count, chaos._network,
        };
        TrainOptions train = chaos._train;
        Option[] own = [.. train.Security.All, train.MinWorkers, train.Out, train.StatusFd, train.Json, train.Config];
        foreach (Option option in chaos.PassedOn.Concat(own))
        {
            command.Add(option);
        }

        command.SetAction((given, _) => StatusWriter.RunAsync(
            given.GetValue(train.StatusFd), status => chaos.RunAsync(given, status), OptionNames.MessageOf));
        return command;
    }

    private IEnumerable<Option> PassedOn =>
        _train.All
            .Except([_train.Workers, _train.Out, _train.Resume, _train.StopAfter])
            .Except([_train.HealthPort, _train.StatusFd, _train.Json, _train.Config])
            .Except(_train.OfCluster);

    private async Task<ProcessEnd> RunAsync(ParseResult given, StatusWriter status)
    {
        bool keep = given.GetValue(_train.Out) is not null;
        ChaosPlan plan = Plan(given);
        using var stop = new StopSignals(endWithInput: false);
        try
        {
            using var log = new StreamWriter(Path.Combine(plan.Directory, "cluster.log")) { AutoFlush = true };
            TextWriter lines = TextWriter.Synchronized(log);
            ChaosReport report = await TrainTwiceAsync(plan, lines.WriteLine, status, stop.Token).ConfigureAwait(false);
            Show(report, given.GetValue(_train.Json));
            keep |= !report.IsGood;
            return new(report.IsGood ? ExitCode.Done : ExitCode.Failed);
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("interrupted");
            return new(ExitCode.Interrupted);
        }
        catch (FaultException e)
        {
            keep = true;
            Console.Error.WriteLine(e.Message);
            return new(ExitCode.Failed, e.Message);
        }
        finally
        {
            if (keep)
            {
                Console.Error.WriteLine($"files of both runs: {plan.Directory}");
            }
            else
            {
                RunDirectoryException.Guard(plan.Directory, () => Directory.Delete(plan.Directory, recursive: true));
            }
        }
    }

    private static async Task<ChaosReport> TrainTwiceAsync(ChaosPlan plan, Action<string> log, StatusWriter status, CancellationToken stop)
    {
        void Log(string line) => log(FormattableString.Invariant($"{DateTime.UtcNow:HH:mm:ss.fff} {line}"));

        DisturbedRun disturbed;
        using (var cluster = new ChaosCluster(plan, Log, _ => { }))
        {
            disturbed = await new ChaosRun(plan, cluster, Console.Error.WriteLine, status.Write).RunAsync(stop).ConfigureAwait(false);
        }

        stop.ThrowIfCancellationRequested();
        RunSummary result = ResultOf(disturbed.End, plan.Disturbed);
        if (disturbed.Watch.Closed.Count == 0)
        {
            throw new FaultException($"the run ended after {result.Steps} steps, before the consequences of a fault were over; "
                + "give more --epochs, or a --duration");
        }

        int faults = disturbed.Watch.Closed.Count;
        Console.Error.WriteLine(FormattableString.Invariant($"{faults} faults; training the same {result.Steps} steps without faults"));
        string[] until = disturbed.End.ExitCode == ExitCode.Interrupted
            ? ["--stop-after", FormattableString.Invariant($"{result.Steps}")]
            : [];
        ProcessEnd end = await TrainUndisturbedAsync(plan, until, Log, stop).ConfigureAwait(false);
        stop.ThrowIfCancellationRequested();
        RunSummary undisturbed = ResultOf(end, plan.Undisturbed);
        return new(plan, disturbed, result, undisturbed, StepSequence.Check(new RunPaths(plan.Disturbed).Metrics, result.Steps));
    }

    private static async Task<ProcessEnd> TrainUndisturbedAsync(ChaosPlan plan, string[] until, Action<string> log, CancellationToken stop)
    {
        string? reason = null;
        using var process = ChildProcess.Start(new()
        {
            Command = [.. ProgramPath.Of("nncluster"), "train", "--end-with-input", .. plan.Training, .. until, "--out", plan.Undisturbed],
            Log = log,
            Status = record => reason = record is Ended ended ? ended.Reason : reason,
        });
        await using (stop.Register(process.RequestEnd))
        {
            return new(await process.Exited.ConfigureAwait(false), reason);
        }
    }

    private static RunSummary ResultOf(ProcessEnd end, string directory) => end.ExitCode switch
    {
        ExitCode.Done or ExitCode.Interrupted => RunSummary.Parse(File.ReadAllText(new RunPaths(directory).Summary)),
        ExitCode.BadInput => throw new BadInputException(end.Reason ?? "a run refused its options"),
        _ => throw new FaultException($"a run failed: {end.Reason ?? FormattableString.Invariant($"exit code {end.ExitCode}")}"),
    };

    private static void Show(ChaosReport report, bool json)
    {
        if (json)
        {
            Console.Out.WriteLine(report.ToJson().ToJsonString());
            return;
        }

        foreach (string line in report.ToText())
        {
            Console.Out.WriteLine(line);
        }
    }

    private ChaosPlan Plan(ParseResult given)
    {
        if (!OperatingSystem.IsLinux())
        {
            throw new BadInputException("chaos needs Linux: it pauses processes by signals and reads /proc.");
        }

        int nodes = given.GetValue(_workers) ?? throw new BadInputException("chaos needs --workers N: the number of nodes.");
        ChaosFault[] kinds = given.GetValue(_faults) ?? DefaultFaults;
        bool root = Environment.UserName == "root";
        if (kinds.Contains(ChaosFault.Disk) && !root)
        {
            throw new BadInputException("--faults disk: needs root, to mount a small file system.");
        }

        NetworkKind? network = given.GetValue(_network);
        if (network == NetworkKind.Namespaces && !NodeNamespaces.ArePossible())
        {
            throw new BadInputException("--network namespaces: needs root and the program ip; use --network loopback.");
        }

        if (given.GetValue(_train.MinWorkers) is { } least && least > nodes)
        {
            throw new BadInputException($"--min-workers {least}: there are only {nodes} workers.");
        }

        bool limited = given.GetResult(_count) is not null;
        bool epochs = given.GetResult(_train.Epochs) is { Implicit: false };
        return new()
        {
            Nodes = nodes,
            Seed = given.GetValue(_train.Seed) ?? 1,
            Kinds = kinds,
            Every = given.GetValue(_every) ?? TimeSpan.FromSeconds(2),
            Duration = given.GetValue(_duration) ?? (limited || epochs ? null : DefaultDuration),
            Count = given.GetValue(_count),
            Directory = DirectoryFor(given),
            UseNamespaces = network == NetworkKind.Namespaces
                || (network is null && kinds.Contains(ChaosFault.Partition) && NodeNamespaces.ArePossible()),
            MinWorkers = given.GetValue(_train.MinWorkers) ?? 1,
            Training = [.. LaunchCommand.Given(given, PassedOn), .. epochs ? [] : new[] { "--epochs", Endless }],
            Security = [.. LaunchCommand.Given(given, _train.Security.All)],
        };
    }

    private string DirectoryFor(ParseResult given)
    {
        if (given.GetValue(_train.Out) is not { } directory)
        {
            return Directory.CreateTempSubdirectory("nncluster-chaos-").FullName;
        }

        if (Path.Exists(directory))
        {
            throw new BadInputException($"--out {directory}: exists already; give a new directory.");
        }

        RunDirectoryException.Guard(directory, () => Directory.CreateDirectory(directory));
        return Path.GetFullPath(directory);
    }

    private static ChaosFault[]? ParseFaults(string text)
    {
        Dictionary<string, ChaosFault> names = Enum.GetValues<ChaosFault>().ToDictionary(CliOption.NameOf);
        string[] parts = text.Split(',');
        return parts.All(names.ContainsKey) && parts.Distinct().Count() == parts.Length ? [.. parts.Select(part => names[part])] : null;
    }

    private enum NetworkKind
    {
        Namespaces,
        Loopback,
    }
}
