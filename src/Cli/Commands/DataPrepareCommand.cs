using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Data;
using NnCluster.Worker.ProcessStatus;
using Spectre.Console;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster data prepare FILE -o DIR</c>.</summary>
internal static class DataPrepareCommand
{
    /// <summary>The command.</summary>
    public static Command Create()
    {
        var options = new TrainOptions();
        var table = new Argument<string>("table") { Description = "A table, or a pipe such as /dev/stdin; it is read once." };
        Option<string?> output = CliOption.Text("--out", "DIR", "Directory to write; it must not exist. [required]");
        output.Aliases.Add("-o");
        output.Aliases.Add("--output");
        output.Required = true;
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        var command = new Command(
            "prepare",
            "Turns a table into a directory that train maps instead of loading. The table is read once; memory holds up to 32 bytes a row.\n"
            + "train --dataset DIR then gives the same bits as train --dataset FILE with the options given here.")
        {
            table, output, json,
        };
        foreach (Option option in options.OfData)
        {
            command.Add(option);
        }

        command.SetAction(async (given, _) =>
        {
            using var stop = new StopSignals(endWithInput: false);
            IAnsiConsole console = ProgressDisplay.StandardError().Console;
            string directory = given.GetRequiredValue(output)!;
            TableOptions asked = TrainRequestReader.TableOptionsOf(given, options) with { Progress = ConsoleDataset.ProgressOn(console) };
            try
            {
                string source = given.GetRequiredValue(table);
                using (NpzDataset? archive = NpzDataset.TryOpen(source))
                {
                    if (archive is { HoldsImages: true })
                    {
                        throw new BadInputException($"{source} holds images, which train reads as they are; data prepare is for tables.");
                    }

                    (source, asked) = archive?.TableOf(asked) ?? (source, asked);
                }

                Dataset data = await Task
                    .Run(() => PreparedDirectoryWriter.Write(source, directory, asked, stop.Token), CancellationToken.None)
                    .ConfigureAwait(false);
                foreach (string note in data.Notes.Skip(1))
                {
                    console.WriteLine(note);
                }

                Print(data, directory, given.GetValue(json));
                return ExitCode.Done;
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync($"interrupted; {directory} was not written").ConfigureAwait(false);
                return ExitCode.Interrupted;
            }
        });
        return command;
    }

    private static void Print(Dataset data, string directory, bool json) => Console.Out.WriteLine(json
        ? new JsonObject([KeyValuePair.Create("directory", (JsonNode?)directory), .. DataInfoCommand.SizeOf(data)]).ToJsonString()
        : $"{directory}: {data.Train.Rows} training, {data.Validation.Rows} validation and {data.Test.Rows} test rows "
            + $"of {data.Features} features\n  sha256 {data.Sha256}");
}
