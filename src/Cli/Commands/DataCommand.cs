using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Data;
using NnCluster.Worker.ProcessStatus;
using Spectre.Console;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster data list|fetch|info</c>.</summary>
internal static class DataCommand
{
    /// <summary>The command and its sub-commands.</summary>
    public static Command Create()
    {
        Option<string?> directory = CliOption.Text(
            "--data-dir",
            "DIR",
            "Directory that is searched first for a known data set. [NNCLUSTER_DATA, then the user's cache directory]");
        Option<bool> json = CliOption.Flag("--json", "Print the result as one JSON object.");
        var name = new Argument<string>("dataset") { Description = "mnist, fashion-mnist, a directory or a table." };
        var list = new Command("list", "The data sets known by name, where they come from, and their checksums.") { json };
        list.SetAction(given => List(given.GetValue(json)));
        var fetch = new Command("fetch", "Fetches a data set into the cache unless it is there, and checks it.") { name, directory };
        fetch.SetAction(async (given, cancellation) =>
        {
            Dataset data = await ConsoleDataset.OpenAsync(given.GetRequiredValue(name), given.GetValue(directory), new(), StandardError())
                .ConfigureAwait(false);
            Console.Out.WriteLine($"{data.Name}: {data.Train.Rows} training rows and {data.Test.Rows} test rows, complete and verified.");
            return ExitCode.Done;
        });
        return new("data", "Data sets: lists, fetches and describes them, and prepares tables.")
        {
            list, fetch, DataInfoCommand.Create(name, directory, json), DataPrepareCommand.Create(),
        };
    }

    private static IAnsiConsole StandardError() => Reporting.ProgressDisplay.StandardError().Console;

    private static JsonObject ToJson(DatasetFile file) =>
        new() { ["name"] = file.Name, ["bytes"] = file.Length, ["sha256"] = file.Sha256 };

    private static int List(bool json)
    {
        ImmutableArray<DatasetDescription> known = new DatasetStore(new()).Known;
        if (json)
        {
            var sets = new JsonObject();
            foreach (DatasetDescription set in known)
            {
                sets[set.Name] = new JsonObject
                {
                    ["title"] = set.Title,
                    ["trainRows"] = set.TrainRows,
                    ["testRows"] = set.TestRows,
                    ["files"] = new JsonArray([.. set.Files.Select(ToJson)]),
                };
            }

            Console.Out.WriteLine(new JsonObject { ["datasets"] = sets }.ToJsonString());
            return ExitCode.Done;
        }

        foreach (DatasetDescription set in known)
        {
            string shape = $"{set.ImageWidth} × {set.ImageHeight}";
            Console.Out.WriteLine($"{set.Name}: {set.Title}; {set.TrainRows} training and {set.TestRows} test images of {shape}");
            foreach (Uri mirror in set.Mirrors)
            {
                Console.Out.WriteLine($"  from {mirror}");
            }

            foreach (DatasetFile file in set.Files)
            {
                Console.Out.WriteLine($"  {file.Sha256}  {file.Name}");
            }
        }

        return ExitCode.Done;
    }
}
