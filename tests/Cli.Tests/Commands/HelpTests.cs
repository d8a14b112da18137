using System.CommandLine;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Options;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Commands;

public sealed class HelpTests
{
    private const int Width = 100;

    [Fact]
    public void The_help_of_train_has_every_option_under_the_heading_of_its_group()
    {
        string[] lines = HelpOf("train");
        var options = new TrainOptions();
        foreach (OptionGroup group in options.Groups)
        {
            int heading = Array.IndexOf(lines, $"{group.Title}:");
            Assert.True(heading > 0, group.Title);
            string[] section = [.. lines.Skip(heading + 1).TakeWhile(line => line.Length > 0)];
            Assert.Equal(
                group.Options.Select(option => option.Name),
                section.Where(line => line.StartsWith("  --", StringComparison.Ordinal)).Select(line => line.Trim().Split(' ')[0]));
        }

        Assert.DoesNotContain("--end-with-input", string.Join('\n', lines), StringComparison.Ordinal);
    }

    [Fact]
    public void Another_command_has_one_list()
    {
        string[] lines = HelpOf("evaluate");
        Assert.Equal(
            ["Usage:", "Arguments:", "Options:"],
            lines.Where(line => line.EndsWith(':') && !line.StartsWith(' ')));
        Assert.Contains("  nncluster evaluate <run> [options]", lines);
        Assert.Contains("  nncluster data <command> [options]", HelpOf("data"));
        Assert.Contains("  nncluster predict <run> <input>... [options]", HelpOf("predict"));
    }

    [Theory]
    [InlineData(60)]
    [InlineData(Width)]
    [InlineData(120)]
    public void No_line_is_wider_than_asked(int width)
    {
        (RootCommand root, _, _) = Application.Create();
        Assert.All(Commands(root), command => Assert.All(Page(root).Lines(command, width), line =>
            // Labels and words are not broken.
            Assert.True(
                line.Length <= width || line.StartsWith("  --", StringComparison.Ordinal) || !line.Trim().Contains(' '), line)));
    }

    [Fact]
    public void Every_option_of_every_command_that_is_not_hidden_is_in_its_help()
    {
        (RootCommand root, _, _) = Application.Create();
        Assert.All(Commands(root), command =>
        {
            string help = string.Join('\n', Page(root).Lines(command, Width));
            Assert.All(
                command.Options.Where(option => !option.Hidden),
                option => Assert.Contains(option.Name, help, StringComparison.Ordinal));
        });
    }

    [Fact]
    public void The_program_prints_it_to_standard_output()
    {
        ProcessResult result = NnClusterProcess.Run("train", "--help");
        Assert.Equal(0, result.ExitCode);
        Assert.Empty(result.Error);
        Assert.Equal(string.Join('\n', HelpOf("train")).TrimEnd(), result.Output.ReplaceLineEndings("\n").TrimEnd());
    }

    private static string[] HelpOf(string name)
    {
        (RootCommand root, _, _) = Application.Create();
        return [.. Page(root).Lines(root.Subcommands.Single(command => command.Name == name), Width)];
    }

    private static HelpPage Page(RootCommand root) =>
        (HelpPage)root.Options.OfType<System.CommandLine.Help.HelpOption>().Single().Action!;

    private static IEnumerable<Command> Commands(Command command) => [command, .. command.Subcommands.SelectMany(Commands)];
}
