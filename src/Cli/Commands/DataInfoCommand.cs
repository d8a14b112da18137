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
        var options = new TrainOptions();
        Option<bool> verify = CliOption.Flag(
            "--verify", "Compute the SHA-256 of a prepared directory's content, and compare it with the stored one.");
        var command = new Command("info", "Columns of a table with types, ranges, missing values and classes; shapes and checksum of a data set.")
        {
            name, directory, verify, json,
        };
        foreach (Option option in options.OfData)
        {
            command.Add(option);
        }

        command.SetAction(async (given, _) =>
        {
            string path = given.GetRequiredValue(name);
            if (given.GetValue(verify))
            {
                Verify(path);
            }

            TableOptions asked = TrainRequestReader.TableOptionsOf(given, options);
            TableDescription? table = IsTable(path) ? Describe(path, asked.Header) : null;
            bool asJson = given.GetValue(json);
            if (table is not null && !asJson)
            {
                WriteLines(TableColumns.Lines(table));
            }

            Dataset data;
            try
            {
                data = await ConsoleDataset.OpenAsync(path, given.GetValue(directory), asked, StandardError()).ConfigureAwait(false);
                TrainRequestReader.RequireTable(given, options, data, path);
            }
            catch (BadInputException refused) when (table is not null)
            {
                // The columns were asked for all the same, and show the cause. An option that cannot be used is an error.
                string reason = OptionNames.MessageOf(refused);
                Console.Out.WriteLine(asJson
                    ? Add(table, new() { ["name"] = Path.GetFileName(path), ["refusal"] = reason }).ToJsonString()
                    : $"train refuses it: {reason}");
                return options.OfData.Any(option => given.GetResult(option) is { Implicit: false }) ? ExitCode.BadInput : ExitCode.Done;
            }

            if (asJson)
            {
                Console.Out.WriteLine(ToJson(data, table).ToJsonString());
                return ExitCode.Done;
            }

            string[] verified = given.GetValue(verify) ? ["  its content has this checksum"] : [];
            WriteLines([.. table is null ? Lines(data) : [.. data.Notes.Except(TableColumns.Lines(table)), Checksum(data)], .. verified]);
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
        KnownDatasets.All.All(set => set.Name != path) && FileContent.LengthOf(path) > 0 && FileSignature.Of(path).Kind != FileKind.Npz;

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
            : data.Targets == 1 ? "1 target" : $"{data.Targets} targets";
        string shape = data.Images is { } images ? $"images of {images}"
            : data.ImageWidth is null ? $"{data.Features} features" : $"images of {data.ImageWidth} × {data.ImageHeight}";
        string validation = data.Validation.Rows > 0 ? $", {data.Validation.Rows} validation" : "";
        yield return $"{data.Name}: {data.Train.Rows} training{validation} and {data.Test.Rows} test rows, {shape}; {outputs}";
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
            Add(table, json);
            json["target"] = data.Preparation?.Target;
            json["task"] = data.Preparation?.Task == ModelTask.Regression ? "regression" : "classification";
        }

        return json;
    }

    private static JsonObject Add(TableDescription table, JsonObject json)
    {
        json["rows"] = table.Rows;
        json["columns"] = TableColumns.ToJson(table);
        return json;
    }
}
