using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Data;
using NnCluster.Worker.ProcessStatus;
using Spectre.Console;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster data info</c>: the columns of a table, and shapes, classes and checksum of any data set.</summary>
internal static class DataInfoCommand
{
    /// <summary>The command.</summary>
    /// <param name="name">Argument with the data set.</param>
    /// <param name="directory">Option with the directory of known data sets.</param>
    /// <param name="json">Option that asks for JSON.</param>
    public static Command Create(Argument<string> name, Option<string?> directory, Option<bool> json)
    {
        Option<string?> target = CliOption.Text("--target", "COLUMN", "Of a table: column to answer, by name or number. [the last]");
        Option<ModelTask?> task = CliOption.Choice<ModelTask>("--task", "Of a table: classification or regression. [by the values]");
        Option<HeaderKind?> header = CliOption.Choice<HeaderKind>("--header", "Of a .csv or .tsv: meaning of its first line. [auto]");
        Option<bool> verify = CliOption.Flag(
            "--verify", "Compute the SHA-256 of a prepared directory's content, and compare it with the stored one.");
        var command = new Command("info", "Columns of a table with types, ranges, missing values and classes; shapes and checksum of a data set.")
        {
            name, directory, header, target, task, verify, json,
        };
        command.SetAction(async (given, _) =>
        {
            string path = given.GetRequiredValue(name);
            if (given.GetValue(verify))
            {
                Verify(path);
            }

            var options = new TableOptions
            {
                Header = given.GetValue(header) ?? HeaderKind.Auto,
                Target = given.GetValue(target),
                Task = given.GetValue(task),
            };
            TableDescription? table = IsTable(path) ? Describe(path, options.Header) : null;
            if (table is null && (options.Target is not null || options.Task is not null))
            {
                throw new BadInputException($"{target.Name} and {task.Name} are for tables, and {path} is none.");
            }

            bool asJson = given.GetValue(json);
            if (table is not null && !asJson)
            {
                WriteLines(TableColumns.Lines(table));
            }

            Dataset data = await ConsoleDataset.OpenAsync(path, given.GetValue(directory), options, StandardError()).ConfigureAwait(false);
            if (asJson)
            {
                Console.Out.WriteLine(ToJson(data, table).ToJsonString());
                return ExitCode.Done;
            }

            WriteLines(table is null ? Lines(data) : [.. data.Notes, Checksum(data)]);
            return ExitCode.Done;
        });
        return command;
    }

    private static void Verify(string path)
    {
        if (!PreparedDirectory.Exists(path))
        {
            throw new BadInputException($"--verify: {path} is no prepared directory; known data sets are verified whenever they are opened.");
        }

        PreparedDirectory.Verify(path);
    }

    // The arrays of an archive are no columns, and a pipe, of length 0, can be read only once.
    private static bool IsTable(string path) =>
        KnownDatasets.All.All(set => set.Name != path) && File.Exists(path) && new FileInfo(path).Length > 0 && FileSignature.Of(path).Kind != FileKind.Npz;

    private static TableDescription Describe(string path, HeaderKind header)
    {
        using TableSource source = TableFile.Open(path, header);
        return TableDescription.Read(source);
    }

    private static void WriteLines(IEnumerable<string> lines)
    {
        foreach (string line in lines)
        {
            Console.Out.WriteLine(line);
        }
    }

    private static IAnsiConsole StandardError() => Reporting.ProgressDisplay.StandardError().Console;

    private static string Checksum(Dataset data) => $"  sha256 {data.Sha256}";

    private static IEnumerable<string> Lines(Dataset data)
    {
        string outputs = data.Classes > 0
            ? $"{data.Classes} classes: {string.Join(", ", data.ClassNames)}"
            : $"{data.Targets} real-valued targets";
        string shape = data.ImageWidth is null ? $"{data.Features} features" : $"images of {data.ImageWidth} × {data.ImageHeight}";
        yield return $"{data.Name}: {data.Train.Rows} training and {data.Test.Rows} test rows, {shape}; {outputs}";
        yield return Checksum(data);
        if (data.ImageWidth is int width && data.ImageHeight is int height && data.Train.Rows > 0)
        {
            yield return Reporting.ContactSheet.Draw(data, width, height);
        }
    }

    /// <summary>Checksum and sizes of a data set as members of a JSON object.</summary>
    internal static IEnumerable<KeyValuePair<string, JsonNode?>> SizeOf(Dataset data) =>
    [
        new("sha256", data.Sha256),
        new("trainRows", data.Train.Rows),
        new("validationRows", data.Validation.Rows),
        new("testRows", data.Test.Rows),
        new("features", data.Features),
        new("classes", data.Classes),
        new("targets", data.Targets),
    ];

    private static JsonObject ToJson(Dataset data, TableDescription? table)
    {
        var json = new JsonObject([KeyValuePair.Create("name", (JsonNode?)data.Name), .. SizeOf(data)])
        {
            ["imageWidth"] = data.ImageWidth,
            ["imageHeight"] = data.ImageHeight,
            ["classNames"] = new JsonArray([.. data.ClassNames.Select(label => JsonValue.Create(label))]),
        };
        if (table is not null)
        {
            json["rows"] = table.Rows;
            json["columns"] = TableColumns.ToJson(table);
            json["target"] = data.Preparation?.Target;
            json["task"] = data.Preparation?.Task == ModelTask.Regression ? "regression" : "classification";
        }

        return json;
    }
}
