using Spectre.Console;
using Spectre.Console.Rendering;

namespace NnCluster.Cli.Reporting;

/// <summary>Tables on standard output: as wide as the terminal, and otherwise as wide as they are, without colours and trailing blanks.</summary>
internal static class StandardOutput
{
    private const int NoLimit = 1 << 20;

    /// <summary>Columns of the terminal; null: standard output is no terminal, and lines have no limit.</summary>
    public static int? Width => Console.IsOutputRedirected ? null : AnsiConsole.Profile.Width;

    /// <summary>
    /// Writes a table, in colour on a terminal that has it. No line is broken: where one is wider than the terminal, the terminal breaks
    /// it, and it can be copied whole.
    /// </summary>
    public static void Write(IRenderable table) =>
        Console.Out.Write(TextOf(table, Console.IsOutputRedirected ? null : AnsiConsole.Profile.Capabilities));

    /// <summary>The table as lines of text, none of which is broken.</summary>
    /// <param name="table">The table.</param>
    /// <param name="terminal">What the terminal can do; null: plain text.</param>
    internal static string TextOf(IRenderable table, IReadOnlyCapabilities? terminal = null)
    {
        using var text = new StringWriter();
        IAnsiConsole console = ProgressDisplay.CreateConsole(new AnsiConsoleOutput(text), AnsiSupport.No, noColour: true);
        if (terminal is not null)
        {
            console.Profile.Capabilities.Ansi = terminal.Ansi;
            console.Profile.Capabilities.ColorSystem = terminal.ColorSystem;
        }

        console.Profile.Width = NoLimit;
        console.Write(table);
        return string.Concat(text.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd() + "\n"));
    }
}
