using Spectre.Console;
using Spectre.Console.Rendering;

namespace NnCluster.Cli.Reporting;

/// <summary>Tables on standard output: as wide as the terminal, and otherwise as wide as they are, without colours and trailing blanks.</summary>
internal static class StandardOutput
{
    private const int NoLimit = 1 << 20;

    /// <summary>Writes a table.</summary>
    public static void Write(IRenderable table)
    {
        if (Console.IsOutputRedirected)
        {
            Console.Out.Write(TextOf(table));
        }
        else
        {
            AnsiConsole.Write(table);
        }
    }

    /// <summary>The table as lines of text, none of which is broken.</summary>
    internal static string TextOf(IRenderable table)
    {
        using var text = new StringWriter();
        IAnsiConsole console = ProgressDisplay.CreateConsole(new AnsiConsoleOutput(text), AnsiSupport.No, noColour: true);
        console.Profile.Width = NoLimit;
        console.Write(table);
        return string.Concat(text.ToString().TrimEnd().Split('\n').Select(line => line.TrimEnd() + "\n"));
    }
}
