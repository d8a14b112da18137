using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using NnCluster.Cli.Options;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary>
/// Help of a command: description, usage, arguments, options and sub-commands, in two columns. Options of a command with
/// groups are under a heading each; other commands have one list.
/// </summary>
/// <param name="groups">Groups of the commands that have them.</param>
internal sealed class HelpPage(IReadOnlyDictionary<Command, IReadOnlyList<OptionGroup>> groups) : SynchronousCommandLineAction
{
    // Characters a line where output is no terminal.
    private const int DefaultWidth = 100;

    // Longer lines are hard to read, however wide the terminal is.
    private const int MaxWidth = 120;

    // Narrowest width, in characters: two columns must fit.
    private const int MinWidth = 60;

    // A space at which no line is broken; printed as a plain space.
    private const char NoBreak = '\u00a0';

    // Column of the descriptions. A longer label has the description on the next line.
    private const int Column = 30;

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Replaces the help of a command line.</summary>
    public static void Install(RootCommand root, IReadOnlyDictionary<Command, IReadOnlyList<OptionGroup>> groups) =>
        root.Options.OfType<HelpOption>().Single().Action = new HelpPage(groups);

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        int width = Console.IsOutputRedirected ? DefaultWidth : Math.Clamp(Console.WindowWidth - 1, MinWidth, MaxWidth);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        foreach (string line in Lines(parseResult.CommandResult.Command, width))
        {
            output.WriteLine(line);
        }

        return ExitCode.Done;
    }

    /// <summary>The help of a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="width">Most characters of a line.</param>
    public IEnumerable<string> Lines(Command command, int width)
    {
        IEnumerable<string> description = (command.Description ?? "").Split('\n').SelectMany(paragraph => Wrap(paragraph, width));
        IEnumerable<(string Label, string Text)> arguments =
            command.Arguments.Select(argument => (LabelOf(argument), argument.Description ?? ""));
        IEnumerable<(string Label, string Text)> commands =
            command.Subcommands.Where(below => !below.Hidden).Select(below => (below.Name, below.Description ?? ""));
        return
        [
            .. description, "", "Usage:", $"  {UsageOf(command)}",
            .. Section("Arguments", arguments, width),
            .. GroupsOf(command).SelectMany(group => Section(group.Title, group.Options.Select(RowOf), width)),
            .. Section("Commands", commands, width),
        ];
    }

    private IEnumerable<OptionGroup> GroupsOf(Command command)
    {
        IReadOnlyList<OptionGroup> titled = groups.GetValueOrDefault(command, []);
        HashSet<Option> inGroups = [.. titled.SelectMany(group => group.Options)];
        Option[] others = [.. OptionsOf(command).Where(option => !inGroups.Contains(option))];
        return [.. titled, new(titled.Count == 0 ? "Options" : "Other", others)];
    }

    /// <summary>Options that a command takes and that are not hidden, those of the commands above it last.</summary>
    public static IEnumerable<Option> OptionsOf(Command command) =>
    [
        .. command.Options.Where(option => !option.Hidden),
        .. Above(command).SelectMany(parent => parent.Options).Where(option => option is { Recursive: true, Hidden: false }),
    ];

    private static IEnumerable<Command> Above(Command command)
    {
        while (command.Parents.OfType<Command>().FirstOrDefault() is { } parent)
        {
            yield return parent;
            command = parent;
        }
    }

    private static string UsageOf(Command command)
    {
        IEnumerable<string> names = Above(command).Reverse().Append(command).Skip(1).Select(part => part.Name);
        return string.Join(' ',
        [
            "nncluster", .. names, .. command.Subcommands.Count > 0 ? ["<command>"] : Array.Empty<string>(),
            .. command.Arguments.Select(LabelOf), "[options]",
        ]);
    }

    private static string LabelOf(Argument argument) =>
        argument.Arity.MaximumNumberOfValues > 1 ? $"<{argument.Name}>..." : $"<{argument.Name}>";

    private static (string Label, string Text) RowOf(Option option)
    {
        // The long name comes last. Aliases in the style of Windows (/h) are valid, and not shown.
        string names = string.Join(", ", [.. option.Aliases.Where(alias => alias[0] == '-').OrderBy(alias => alias.Length), option.Name]);
        string label = option.HelpName is { } value ? $"{names} {value}" : names;
        return (label, (option.Description ?? "") + (option.Required ? " (required)" : ""));
    }

    private static IEnumerable<string> Section(string title, IEnumerable<(string Label, string Text)> rows, int width)
    {
        string[] lines = [.. rows.SelectMany(row => Columns(row.Label, row.Text, width))];
        return lines.Length == 0 ? [] : ["", $"{title}:", .. lines];
    }

    private static IEnumerable<string> Columns(string label, string text, int width)
    {
        string first = $"  {label}";
        string[] right = [.. Wrap(KeepDefault(text, width - Column), width - Column).Select(line => new string(' ', Column) + line)];
        return first.Length > Column - 2 || right.Length == 0
            ? [first, .. right]
            : [first.PadRight(Column) + right[0].TrimStart(), .. right.Skip(1)];
    }

    /// <summary>Makes the default at the end of a text one word, unless it is longer than a line.</summary>
    private static string KeepDefault(string text, int width)
    {
        int start = text.LastIndexOf('[');
        return start >= 0 && text.Length - start <= width ? text[..start] + text[start..].Replace(' ', NoBreak) : text;
    }

    /// <summary>Breaks text at spaces. A longer word has a line of its own.</summary>
    private static IEnumerable<string> Wrap(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.Replace(NoBreak, ' ');
                line = "";
            }

            line = line.Length == 0 ? word : $"{line} {word}";
        }

        if (line.Length > 0)
        {
            yield return line.Replace(NoBreak, ' ');
        }
    }
}
