using System.CommandLine;
using NnCluster;
using NnCluster.Worker.Cli;

try
{
    RootCommand command = WorkerCommand.Create();
    ParseResult given = command.Parse(LayeredOptions.WithConfig(command, args));
    if (given.Errors.Count > 0)
    {
        await Console.Error.WriteLineAsync($"{given.Errors[0].Message.TrimEnd('.')}. See: nncluster-worker --help");
        return ExitCode.BadInput;
    }

    return await given.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (BadInputException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return ExitCode.BadInput;
}
