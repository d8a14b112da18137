using System.CommandLine;
using NnCluster.Cli.Commands;
using NnCluster.Testing;
using Xunit.Abstractions;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>Every option of every command with values that no option expects: one line and an exit code, never a stack trace or a hang.</summary>
[Collection(ExploreConsole.Collection)]
public sealed class OptionFuzzTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    private readonly TemporaryDirectory _directory = new();

    /// <summary>Commands that end soon, since the file that they are about does not exist.</summary>
    public static TheoryData<string> Commands =>
    [
        "train --dataset /nowhere.csv", "evaluate /nowhere", "predict /nowhere rows.csv", "serve /nowhere", "export /nowhere -o model.onnx",
        "plot /nowhere", "status /nowhere", "data info /nowhere.csv", "data prepare /nowhere.csv -o prepared", "data list", "data fetch /nowhere",
        "info --model /nowhere.json", "worker --join 127.0.0.1:9 --give-up-after 1ms",
    ];

    /// <summary>Commands that start processes or compute: their options are parsed, and nothing is run.</summary>
    public static TheoryData<string> Parsed =>
    [
        "launch --workers 1", "chaos --workers 2", "simulate", "explore activations",
    ];

    public void Dispose() => _directory.Dispose();

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task A_value_that_no_option_expects_is_one_line_and_an_exit_code(string command)
    {
        int cases = 0;
        foreach (string[] arguments in Cases(command))
        {
            cases++;
            string shown = string.Join(' ', arguments.Select(argument => argument.Length > 60 ? argument[..60] + "…" : argument));
            (int exit, string printed, string error) = await ExploreConsole.RunAsync(arguments).WaitAsync(Longest);
            Assert.True(exit is 0 or 1 or 2 or 4, $"{shown}: exit code {exit}");
            Assert.False(error.Contains("   at ", StringComparison.Ordinal) || error.StartsWith("unexpected ", StringComparison.Ordinal), $"{shown}: {error}");
            Assert.True(exit == 0 || error.Length > 0, $"{shown}: exit code {exit} and no word: {printed}");
        }

        output.WriteLine($"{command}: {cases} cases");
    }

    [Theory]
    [MemberData(nameof(Parsed))]
    public void A_value_that_no_option_expects_is_parsed_or_refused_in_one_line(string command)
    {
        int refused = 0;
        int cases = 0;
        foreach (string[] arguments in Cases(command))
        {
            cases++;
            if (UsageError.Of(Application.Create().Root.Parse(arguments), arguments) is { } error)
            {
                refused++;
                Assert.DoesNotContain('\n', error);
                Assert.InRange(error.Length, 1, 500);
            }
        }

        output.WriteLine($"{command}: {refused} of {cases} cases refused");
        Assert.True(refused > cases / 3, $"{refused} of {cases}");
    }

    private IEnumerable<string[]> Cases(string command)
    {
        string[] given = command.Split(' ');
        string file = _directory.Write("file.txt", "some text\n"u8.ToArray());
        string[] values =
        [
            "", " ", "x", "-1", "0", "1e999", "NaN", ",", "a\nb", "a\0b", "\ud800", "[::1", "..", "/dev/null", "/dev/null/x", "/nowhere/x", _directory.Path, file,
            Path.Combine(file, "below"), new string('x', 100_000),
        ];
        // The arguments of these commands are paths.
        foreach (int index in Enumerable.Range(1, given.Length - 1).Where(index => given[index].Contains('.') || given[index].StartsWith('/')))
        {
            foreach (string value in values)
            {
                yield return [.. given[..index], value, .. given[(index + 1)..]];
            }
        }

        foreach (Option option in HelpPage.OptionsOf(Application.Create().Root.Parse(given).CommandResult.Command).Where(option => option.Arity.MaximumNumberOfValues > 0))
        {
            int at = Array.IndexOf(given, option.Name);
            string[] others = at < 0 ? given : [.. given[..at], .. given[(at + 2)..]];
            foreach (string value in values)
            {
                yield return [.. others, option.Name, value];
            }
        }
    }
}
