using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Persistence;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster status</c>.</summary>
internal sealed class StatusCommand
{
    private readonly Argument<string> _run = new("RUN") { Description = "A run directory." };
    private readonly Option<bool> _json = CliOption.Flag("--json", "Print the status as one JSON object.");
    private readonly Option<string?> _field = CliOption.Text(
        "--field", "NAME[,NAME…]", "Print the values of these properties of the JSON object only, one a line; an empty line for null.");

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var status = new StatusCommand();
        var command = new Command(
            "status",
            "Show the status of a run: running, interrupted, completed or failed, its step, and the checkpoint that it can be "
            + "resumed from. The exit code is 0 if the directory holds a run, else 2.")
        {
            status._run, status._json, status._field,
        };
        command.SetAction(given => status.Run(given));
        return command;
    }

    private int Run(ParseResult given)
    {
        var status = RunStatusReader.Read(given.GetRequiredValue(_run));
        if (given.GetValue(_field) is { } fields)
        {
            ShowFields(status.ToJson(), fields.Split(','));
        }
        else if (given.GetValue(_json))
        {
            Console.Out.WriteLine(status.ToJson().ToJsonString());
        }
        else
        {
            Show(status);
        }

        return ExitCode.Done;
    }

    private static void ShowFields(JsonObject status, string[] names)
    {
        if (names.FirstOrDefault(name => !status.ContainsKey(name)) is { } unknown)
        {
            string known = string.Join(", ", status.Select(property => property.Key));
            throw new BadInputException($"--field {unknown}: expected some of {known}, separated by commas");
        }

        foreach (string name in names)
        {
            Console.Out.WriteLine(status[name]?.ToString() ?? "");
        }
    }

    private static void Show(RunStatus status)
    {
        Line("run", $"{status.RunDirectory}");
        string reason = status.Reason is null ? "" : $": {status.Reason}";
        Line("state", $"{CliOption.NameOf(status.State)} at step {status.Step}, epoch {status.Epoch:0.##}{reason}");
        if (status.RunId is { } id)
        {
            Line("identity", $"{id}, term {status.Term}");
        }

        if (status.Checkpoint is { } checkpoint)
        {
            Line("checkpoint", $"{checkpoint}");
        }

        if (status.CanResume)
        {
            Line("resume", $"nncluster train --resume {status.RunDirectory}");
        }

        if (status.ProcessId is { } process)
        {
            Line("process", $"{process}");
        }
    }

    private static void Line(string name, FormattableString text) =>
        Console.Out.WriteLine($"{name,-11} {FormattableString.Invariant(text)}");
}
