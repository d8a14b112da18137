using NnCluster.AkkaSupport;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.AkkaSupport;

public sealed class LogOutputTests
{
    [Fact]
    public void A_line_that_repeats_is_written_again_after_a_while_with_the_number_of_those_left_out()
    {
        using var written = new StringWriter { NewLine = "\n" };
        var time = new ManualTime();
        var output = new LogOutput(written.WriteLine, time);
        for (int attempt = 1; attempt <= 5; attempt++)
        {
            output.WriteLine($"error: attempt {attempt} to reach 127.0.0.1:4000");
            output.WriteLine("warning: another");
        }

        time.Advance(LogOutput.Silence);
        output.WriteLine("error: attempt 6 to reach 127.0.0.1:4000");
        Assert.Equal(
            "error: attempt 1 to reach 127.0.0.1:4000\nwarning: another\n"
            + "error: attempt 6 to reach 127.0.0.1:4000 (4 such lines before it were left out)\n",
            written.ToString());
        output.WriteLine("error: attempt 7 to reach 127.0.0.2:4000");
        Assert.Contains("127.0.0.2", written.ToString(), StringComparison.Ordinal);
        output.Mute();
        output.WriteLine("error: something else");
        Assert.DoesNotContain("something else", written.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Connections_that_differ_by_a_port_or_an_identifier_are_of_one_kind()
    {
        using var written = new StringWriter { NewLine = "\n" };
        var output = new LogOutput(written.WriteLine, new ManualTime());
        output.WriteLine("warning: Refused ssl.tcp://n@10.77.0.3:33383 [10.77.0.2:34290->10.0.0.1:4500](Id=5e30f59a)");
        output.WriteLine("warning: Refused ssl.tcp://n@10.77.0.3:41000 [10.77.0.2:1->10.0.0.1:4500](Id=abcdef12)");
        output.WriteLine("warning: Refused ssl.tcp://n@[fd00::1]:33383");
        output.WriteLine("warning: Refused ssl.tcp://n@[fd00::1]:41000");
        Assert.Equal(2, written.ToString().Split('\n').Length - 1);
    }

    [Fact]
    public void Lines_of_many_kinds_are_all_written()
    {
        using var written = new StringWriter { NewLine = "\n" };
        var output = new LogOutput(written.WriteLine, new ManualTime());
        string[] lines = [.. Enumerable.Range(0, 500).Select(i => $"error: {new string('x', i)}")];
        foreach (string line in lines)
        {
            output.WriteLine(line);
        }

        Assert.Equal(lines, written.ToString().Split('\n')[..^1]);
    }
}
