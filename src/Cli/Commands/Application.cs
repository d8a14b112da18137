using System.CommandLine;
using System.CommandLine.Parsing;
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

using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary>The whole command line: parses, runs one command, and turns every expected failure into one line and an exit code.</summary>
internal static class Application
{
    /// <summary>Runs the program.</summary>
    public static async Task<int> RunAsync(string[] arguments)
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
    }

    private static async Task<int> InvokeAsync(string[] arguments)
    {
        var root = new RootCommand("Trains neural networks on the cores of one machine or the machines of a cluster: the same bits anywhere. " + ExitCode.Help);
        (Command train, TrainOptions options) = TrainCommand.Create();
        root.Add(train);
        root.Add(WorkerCommand.Create());
        root.Add(LaunchCommand.Create());
        root.Add(ChaosCommand.Create());
        root.Add(EvaluateCommand.Create());
        root.Add(PredictCommand.Create());
        root.Add(PlotCommand.Create());
        root.Add(ExploreCommand.Create());
        root.Add(DataCommand.Create());
        root.Add(SimulateCommand.Create());
        root.Add(InfoCommand.Create());
        root.Add(StatusCommand.Create());
        root.Add(StayCommand.Create());
        LayeredOptions.AddConfigOptions(root);
        string[] resolved = arguments is ["train", .. string[] rest]
            ? ["train", .. OptionLayers.Resolve(train, rest, options)]
            : LayeredOptions.WithConfig(root, arguments);
        ParseResult given = root.Parse(resolved);
        if (given.Errors.Count > 0)
        {
            await Console.Error.WriteLineAsync($"{given.Errors[0].Message.TrimEnd('.')}. See: nncluster{Names(given.CommandResult)} --help").ConfigureAwait(false);
            return ExitCode.BadInput;
        }

        return await given.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }).ConfigureAwait(false);
    }

    /// <summary>The names of a command below the program, each after a space.</summary>
    private static string Names(CommandResult command) =>
        command.Parent is CommandResult parent ? $"{Names(parent)} {command.Command.Name}" : string.Empty;
}
