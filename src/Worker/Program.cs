using System.CommandLine;
using NnCluster;
using NnCluster.Worker.Cli;

ParseResult given = WorkerCommand.Create().Parse(args);
if (given.Errors.Count > 0)
{
    await Console.Error.WriteLineAsync($"{given.Errors[0].Message.TrimEnd('.')}. See: nncluster-worker --help");
    return ExitCode.BadInput;
}

try
{
    return await given.InvokeAsync(new() { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
}
catch (BadInputException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return ExitCode.BadInput;
}
