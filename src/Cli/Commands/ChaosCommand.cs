using System.CommandLine;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster chaos</c>.</summary>
internal sealed class ChaosCommand
{
    private const string Endless = "100000";
    private static readonly TimeSpan DefaultDuration = TimeSpan.FromSeconds(30);

    private readonly TrainOptions _train = new();
    private readonly Option<int?> _workers = CliOption.Whole("--workers", "Worker processes on this machine.", 1, 64);
    private readonly Option<FaultKind[]?> _faults = CliOption.Parsed<FaultKind[]?>("--faults", "KIND,…", "What strikes: kill, stop, slow, partition, corrupt, disk, coordinator. [kill,stop,slow,partition,coordinator]", ParseFaults, "some of kill, stop, slow, partition, corrupt, disk, coordinator, separated by commas");
    private readonly Option<TimeSpan?> _every = Quantity.PositiveDuration("--every", "From one strike to the next. [2s]");
    private readonly Option<TimeSpan?> _duration = Quantity.PositiveDuration("--duration", "End the run after so long under faults. [30s, unless --count or --epochs is given]");
    private readonly Option<int?> _count = CliOption.Whole("--count", "End the run after so many faults.", 1);
    private readonly Option<NetworkKind?> _network = CliOption.Choice<NetworkKind>("--network", "Where a partition strikes: a network namespace for each worker (root), or a relay of the tensor links. [namespaces if permitted]");

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var chaos = new ChaosCommand();
        chaos._train.Out.Description = "A new directory for the files of both runs. [a temporary one, removed unless something is wrong]";
        var command = new Command("chaos", "Trains once under a seeded schedule of faults, with real processes, and once undisturbed, and compares the bits. Takes the options of train.")
        {
            chaos._workers, chaos._faults, chaos._every, chaos._duration, chaos._count, chaos._network,
        };
        foreach (Option option in chaos.PassedOn.Concat([.. chaos._train.Security.All, chaos._train.MinWorkers, chaos._train.Out, chaos._train.Json, chaos._train.Config]))
        {
            command.Add(option);
        }

        command.SetAction((given, _) => chaos.RunAsync(given));
        return command;
    }

    private IEnumerable<Option> PassedOn =>
        _train.All.Except([_train.Workers, _train.Out, _train.Resume, _train.StopAfter, _train.HealthPort, _train.Json, _train.Config]).Except(_train.OfCluster);

    private async Task<int> RunAsync(ParseResult given)
    {
        bool keep = given.GetValue(_train.Out) is not null;
        ChaosPlan plan = Plan(given);
        using var stop = new StopSignals(endWithInput: false);
        try
        {
            using var log = new StreamWriter(Path.Combine(plan.Directory, "cluster.log")) { AutoFlush = true };
            TextWriter lines = TextWriter.Synchronized(log);
            ChaosReport report = await TrainTwiceAsync(plan, lines.WriteLine, stop.Token).ConfigureAwait(false);
            Show(report, given.GetValue(_train.Json));
            keep |= !report.IsGood;
            return report.IsGood ? ExitCode.Done : ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("interrupted");
            return ExitCode.Interrupted;
        }
        catch (FaultException e)
        {
            keep = true;
            Console.Error.WriteLine(e.Message);
            return ExitCode.Failed;
        }
        finally
        {
            if (keep)
            {
                Console.Error.WriteLine($"its files are in {plan.Directory}");
            }
            else
            {
                RunDirectoryException.Guard(plan.Directory, () => Directory.Delete(plan.Directory, recursive: true));
            }
        }
    }

    private static async Task<ChaosReport> TrainTwiceAsync(ChaosPlan plan, Action<string> log, CancellationToken stop)
    {
        string last = "";
        void Note(string line)
        {
            // Of the disturbed run's lines, those of the workers say nothing of why it ended.
            last = line.StartsWith("worker", StringComparison.Ordinal) ? last : line;
            log(FormattableString.Invariant($"{DateTime.UtcNow:HH:mm:ss.fff} {line}"));
        }

        DisturbedRun disturbed;
        using (var cluster = new ChaosCluster(plan, Note))
        {
            disturbed = await new ChaosRun(plan, cluster, Console.Error.WriteLine).RunAsync(stop).ConfigureAwait(false);
        }

        stop.ThrowIfCancellationRequested();
        RunSummary result = ResultOf(disturbed.ExitCode, plan.Disturbed, last);
        if (disturbed.Watch.Closed.Count == 0)
        {
            throw new FaultException($"the run of {result.Steps} steps was over before a fault had struck: give it more --epochs, or a --duration");
        }

        Console.Error.WriteLine(FormattableString.Invariant($"{disturbed.Watch.Closed.Count} faults; now the same {result.Steps} steps undisturbed"));
        string[] until = disturbed.ExitCode == ExitCode.Interrupted ? ["--stop-after", FormattableString.Invariant($"{result.Steps}")] : [];
        using var alone = ChildProcess.Start([.. ProgramPath.Of("nncluster"), "train", "--end-with-input", .. plan.Training, .. until, "--out", plan.Undisturbed], showOutput: false, elsewhere: false, Note);
        await using (stop.Register(alone.AskToEnd))
        {
            int code = await alone.Exited.ConfigureAwait(false);
            stop.ThrowIfCancellationRequested();
            RunSummary undisturbed = ResultOf(code, plan.Undisturbed, last);
            return new(plan, disturbed, result, undisturbed, StepSequence.Check(new RunPaths(plan.Disturbed).Metrics, result.Steps));
        }
    }

    private static RunSummary ResultOf(int code, string directory, string last) => code switch
    {
        ExitCode.Done or ExitCode.Interrupted => RunSummary.Parse(File.ReadAllText(new RunPaths(directory).Summary)),
        ExitCode.BadInput => throw new BadInputException(Said(last)),
        _ => throw new FaultException($"a run failed: {Said(last)}"),
    };

    // Without the name of the process in front of it.
    private static string Said(string line) => line.Contains(" | ", StringComparison.Ordinal) ? line[(line.IndexOf(" | ", StringComparison.Ordinal) + 3)..] : line;

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
            throw new BadInputException("chaos needs Linux: it stops processes by signals and reads /proc.");
        }

        int workers = given.GetValue(_workers) ?? throw new BadInputException("chaos needs --workers N: how many worker processes it starts and disturbs.");
        FaultKind[] kinds = given.GetValue(_faults) ?? [FaultKind.Kill, FaultKind.Stop, FaultKind.Slow, FaultKind.Partition, FaultKind.Coordinator];
        bool root = Environment.UserName == "root";
        if (kinds.Contains(FaultKind.Disk) && !root)
        {
            throw new BadInputException("--faults disk: needs root, who may mount a small file system.");
        }

        NetworkKind? network = given.GetValue(_network);
        if (network == NetworkKind.Namespaces && !NodeNamespaces.ArePossible())
        {
            throw new BadInputException("--network namespaces: needs root and the program ip; use --network loopback.");
        }

        if (given.GetValue(_train.MinWorkers) is { } least && least > workers)
        {
            throw new BadInputException($"--min-workers {least}: there are only {workers} workers.");
        }

        bool limited = given.GetResult(_count) is not null;
        bool epochs = given.GetResult(_train.Epochs) is { Implicit: false };
        return new()
        {
            Workers = workers,
            Seed = given.GetValue(_train.Seed) ?? 1,
            Kinds = kinds,
            Every = given.GetValue(_every) ?? TimeSpan.FromSeconds(2),
            Duration = given.GetValue(_duration) ?? (limited || epochs ? null : DefaultDuration),
            Count = given.GetValue(_count),
            Directory = DirectoryFor(given),
            UseNamespaces = network == NetworkKind.Namespaces || (network is null && kinds.Contains(FaultKind.Partition) && NodeNamespaces.ArePossible()),
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
            throw new BadInputException($"--out {directory}: is there already; give a directory that is not.");
        }

        RunDirectoryException.Guard(directory, () => Directory.CreateDirectory(directory));
        return Path.GetFullPath(directory);
    }

    private static FaultKind[]? ParseFaults(string text)
    {
        Dictionary<string, FaultKind> names = Enum.GetValues<FaultKind>().ToDictionary(CliOption.NameOf);
        string[] parts = text.Split(',');
        return parts.All(names.ContainsKey) && parts.Distinct().Count() == parts.Length ? [.. parts.Select(part => names[part])] : null;
    }

    private enum NetworkKind
    {
        Namespaces,
        Loopback,
    }
}
