using System.CommandLine;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Persistence;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary>Entry point of the program: parses the command line, runs one command, and reports an expected failure in one line.</summary>
internal static class Application
{
    /// <summary>Environment variable that lets an unexpected exception end the program with its stack trace.</summary>
    public const string StackTraceVariable = "NNCLUSTER_STACK_TRACE";

    /// <summary>Runs the program.</summary>
    public static async Task<int> RunAsync(string[] arguments)
    {
        using var streams = new StandardStreams();
        return streams.ExitCodeFor(await RunGuardedAsync(arguments).ConfigureAwait(false));
    }

    private static async Task<int> RunGuardedAsync(string[] arguments)
    {
        try
        {
            return await InvokeAsync(arguments).ConfigureAwait(false);
        }
        catch (BadInputException e)
        {
            await Console.Error.WriteLineAsync(OptionNames.MessageOf(e)).ConfigureAwait(false);
            return ExitCode.BadInput;
        }
        catch (RunDirectoryException e)
        {
            await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            return ExitCode.Failed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(OneLine(e)).ConfigureAwait(false);
            return ExitCode.Failed;
        }
        catch (Exception e) when (!WantsStackTrace)
        {
            await Console.Error
                .WriteLineAsync($"unexpected {e.GetType().Name}: {OneLine(e)}; {StackTraceVariable}=1 shows where it comes from")
                .ConfigureAwait(false);
            return ExitCode.Failed;
        }
    }

    private static bool WantsStackTrace => Environment.GetEnvironmentVariable(StackTraceVariable) is { Length: > 0 };

    private static string OneLine(Exception e) => e.GetBaseException().Message.ReplaceLineEndings(" ");

    /// <summary>The command line of the program, with the options of <c>train</c>.</summary>
    public static (RootCommand Root, Command Train, TrainOptions Options) Create()
    {
        (Command train, TrainOptions options) = TrainCommand.Create();
        var root = new RootCommand(
            "Trains neural networks on the cores of one machine or the machines of a cluster, with the same bits on any of them. "
            + ExitCode.Help)
        {
            train,
            WorkerCommand.Create(),
            LaunchCommand.Create(),
            ChaosCommand.Create(),
            EvaluateCommand.Create(),
            PredictCommand.Create(),
            ServeCommand.Create(),
            ExportCommand.Create(),
            PlotCommand.Create(),
            ExploreCommand.Create(),
            DataCommand.Create(),
            SimulateCommand.Create(),
            InfoCommand.Create(),
            StatusCommand.Create(),
            StayCommand.Create(),
        };
        LayeredOptions.AddConfigOptions(root);
        HelpPage.Install(root, new Dictionary<Command, IReadOnlyList<OptionGroup>> { [train] = options.Groups });
        return (root, train, options);
    }

    private static async Task<int> InvokeAsync(string[] arguments)
    {
        (RootCommand root, Command train, TrainOptions options) = Create();
        string[] resolved = arguments is ["train", .. string[] rest]
            ? ["train", .. OptionLayers.Resolve(train, rest, options)]
            : LayeredOptions.WithConfig(root, arguments);
        ParseResult given = root.Parse(resolved);
        if (UsageError.Of(given, arguments) is { } error)
        {
            await Console.Error.WriteLineAsync(error).ConfigureAwait(false);
            return ExitCode.BadInput;
        }

        return await given.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null })
            .ConfigureAwait(false);
    }
}
