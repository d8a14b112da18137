using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>Tests that take the console over run one after the other.</summary>
[CollectionDefinition(nameof(ConsoleOutput), DisableParallelization = true)]
public sealed class ConsoleOutput;

[Collection(nameof(ConsoleOutput))]
public sealed partial class SimulateCommandTests
{
    private static readonly int[] Checked = [1, 8, 16];

    [Fact]
    public async Task The_tables_of_the_scaling_page_are_what_the_program_prints()
    {
        string[] lines = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs", "scaling.md"));
        string[] command = [];
        int compared = 0;
        foreach (string line in lines)
        {
            if (TableCommand().Match(line) is { Success: true } match)
            {
                command = match.Groups[1].Value.Split(' ');
            }
            else if (TableRow().Match(line) is { Success: true } row && Checked.Contains((int)Value(row, 1)))
            {
                string[] arguments = [.. command.Select(word => word == "W" ? row.Groups[1].Value : word), "--json"];
                JsonNode result = JsonNode.Parse((await RunAsync(arguments)).Output)!;
                Assert.Equal(Value(row, 2), (double)result["stepSeconds"]! * 1000, 0.051);
                Assert.Equal(Value(row, 3), (double)result["formulaSeconds"]! * 1000, 0.051);
                Assert.Equal(Value(row, 4), (double)result["networkSeconds"]! * 1000, 0.051);
                Assert.Equal(Value(row, 5), (double)result["imagesPerSecond"]!, 51.0);
                Assert.Equal(Value(row, 6), (double)result["efficiency"]! * 100, 0.051);
                compared++;
            }
        }

        Assert.Equal(4 * Checked.Length, compared);
    }

    [Theory]
    [InlineData("--bandwidth", "10", "--bandwidth 10: expected a positive number and a unit (kbps, Mbps, Gbps, Tbps in bits, MB/s, GB/s in bytes a second), such as 10Gbps. ")]
    [InlineData("--latency", "100parsec", "--latency 100parsec: expected a number and a unit of time (ns, us, ms, s, m, h, d), such as 100us. ")]
    [InlineData("--mtbf", "0h", "--mtbf 0h: expected a positive number and a unit of time (ns, us, ms, s, m, h, d), such as 1h. ")]
    [InlineData("--fault", "flood", "--fault flood: expected kill, pause, slow or partition. ")]
    [InlineData("--shards", "3", "--shards 3: the number of shards is a power of two from 1 to 4096 (1, 2, 4, 8, 16 …).")]
    public async Task What_cannot_be_used_is_said_in_one_line_with_exit_code_2(string option, string value, string message)
    {
        (int exit, string output, string error) = await RunAsync("simulate", option, value);
        Assert.Equal((ExitCode.BadInput, ""), (exit, output));
        Assert.StartsWith(message, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
    }

    [Theory]
    [InlineData("kill")]
    [InlineData("pause")]
    [InlineData("slow")]
    [InlineData("partition")]
    public async Task Faults_cost_time_and_more_often_cost_more(string fault)
    {
        async Task<double> Availability(string mtbf)
        {
            (int exit, string output, _) = await RunAsync("simulate", "--workers", "4", "--batch-size", "16384", "--steps", "20", "--fault", fault, "--mtbf", mtbf, "--json");
            Assert.Equal(ExitCode.Done, exit);
            JsonNode result = JsonNode.Parse(output)!;
            Assert.True((double)result["secondsPerFault"]! > 0);
            return (double)result["availability"]!;
        }

        double seldom = await Availability("10h");
        double often = await Availability("10m");
        Assert.True(0 < often && often < seldom && seldom < 1, $"{often} {seldom}");
    }

    [Fact]
    public async Task People_get_a_table_that_names_spare_workers()
    {
        (int exit, string output, _) = await RunAsync("simulate", "--workers", "20", "--steps", "5");
        Assert.Equal(ExitCode.Done, exit);
        Assert.Contains("4 workers have no shard; --shards 32 gives them some", output, StringComparison.Ordinal);
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] arguments)
    {
        (TextWriter output, TextWriter error) = (Console.Out, Console.Error);
        using var newOutput = new StringWriter();
        using var newError = new StringWriter();
        Console.SetOut(newOutput);
        Console.SetError(newError);
        try
        {
            int exit = await Application.RunAsync(arguments);
            return (exit, newOutput.ToString(), newError.ToString());
        }
        finally
        {
            Console.SetOut(output);
            Console.SetError(error);
        }
    }

    private static double Value(Match row, int group) =>
        double.Parse(row.Groups[group].Value, NumberStyles.Number, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^`nncluster (simulate --workers W .*)`$")]
    private static partial Regex TableCommand();

    [GeneratedRegex(@"^\| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \| ([\d,]+) \| ([\d.]+) % \|$")]
    private static partial Regex TableRow();
}
