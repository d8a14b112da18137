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
        Option<string?> output = CliOption.Text("--out", "DIR", "Directory of the prepared data set, which must not exist.");
        output.Aliases.Add("-o");
        output.Required = true;
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        var command = new Command(
            "prepare",
            "Turns a table into a directory that train reads without loading it: once, in one pass and in bounded memory.\n"
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
                if (NpzDataset.HoldsImages(source))
                {
                    throw new BadInputException($"{source} holds images, which train reads as they are; data prepare is for tables.");
                }

                (source, asked) = NpzDataset.PartsOf(source, asked);
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
        ? new JsonObject
        {
            ["directory"] = directory,
            ["sha256"] = data.Sha256,
            ["trainRows"] = data.Train.Rows,
            ["validationRows"] = data.Validation.Rows,
            ["testRows"] = data.Test.Rows,
            ["features"] = data.Features,
            ["classes"] = data.Classes,
            ["targets"] = data.Targets,
        }.ToJsonString()
        : $"{directory}: {data.Train.Rows} training, {data.Validation.Rows} validation and {data.Test.Rows} test rows "
            + $"of {data.Features} features\n  sha256 {data.Sha256}");
}
