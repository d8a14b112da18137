using System.Diagnostics;
using NnCluster.Cli.Launching;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Launching;

public sealed class ShellWordsTests
{
    public static TheoryData<string> Commands =>
    [
        "ssh",
        "  ssh   -o  BatchMode=yes ",
        "ssh -F '/home/me/dir with space/config'",
        "ssh -o \"ProxyCommand=ssh -W %h:%p jump\"",
        "/opt/my\\ ssh -p 22",
        "a\"b c\"'d e'f",
        "'' \"\" x",
        "'it'\\''s'",
        "\"a\\\"b\\\\c\\$d\\`e\\x\"",
        "a\tb  c",
        "a\\\nb \"c\\\nd\"",
        "ssh \\\n  -p 22 \\\n",
        "dotnet '/opt/two  blanks/x.dll'",
        "ä 'ö ü'",
    ];

    /// <summary>The shell itself is the reference.</summary>
    [LinuxTheory]
    [MemberData(nameof(Commands))]
    public void Words_are_those_of_a_shell(string command)
    {
        var start = new ProcessStartInfo("sh", ["-c", $"for word in {command}\ndo printf '%s\\0' \"$word\"; done"]) { RedirectStandardOutput = true };
        using var shell = Process.Start(start)!;
        string[] expected = shell.StandardOutput.ReadToEnd().Split('\0')[..^1];
        shell.WaitForExit();
        Assert.Equal(0, shell.ExitCode);
        Assert.Equal(expected, ShellWords.Parse(command));
    }

    [Theory]
    [InlineData("")]
    [InlineData("  ")]
    [InlineData("ssh 'open")]
    [InlineData("ssh \"open")]
    [InlineData("ssh \"open\\\"")]
    [InlineData("ssh \\")]
    public void A_command_that_a_shell_would_not_take_is_none(string command) => Assert.Null(ShellWords.Parse(command));
}
