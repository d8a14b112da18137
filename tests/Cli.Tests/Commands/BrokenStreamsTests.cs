using System.Net;
using System.Net.Sockets;
using NnCluster.Cli.Launching;
using NnCluster.Testing;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>A run is worth more than its log: it goes on where standard output or standard error cannot be written.</summary>
public sealed class BrokenStreamsTests : IDisposable
{
    private static readonly string[] Training = ["--dataset", NnClusterProcess.MnistRows, "--hidden", "8", "--epochs", "3", "--batch-size", "100"];

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [LinuxTheory]
    [InlineData("train", "2>/dev/full")]
    [InlineData("train", "2>&-")]
    [InlineData("train", "2</dev/null")]
    [InlineData("launch --workers 1", "2>/dev/full")]
    [InlineData("launch --workers 1", "2>&-")]
    public void A_run_whose_log_cannot_be_written_is_complete_all_the_same(string command, string redirection)
    {
        string run = _directory["run"];
        ProcessResult result = RunWith(redirection, [.. command.Split(' '), .. Training, "--json", "--out", run]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal("completed", NnClusterProcess.Run("status", run, "--json").Json.GetProperty("state").GetString());
        Assert.Equal(64, result.Field("weightsSha256").Length);
    }

    [LinuxTheory]
    [InlineData(">/dev/full")]
    [InlineData(">&-")]
    [InlineData("1</dev/null")]
    public void A_result_that_cannot_be_printed_is_one_line_and_exit_code_1_and_the_run_has_it(string redirection)
    {
        string run = _directory["run"];
        ProcessResult result = RunWith(redirection, ["train", .. Training, "--json", "--out", run]);
        Assert.True(result.ExitCode == 1, result.Error);
        Assert.Contains("standard output cannot be written: ", result.Error.Split('\n')[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(run, "summary.json")));
    }

    [LinuxTheory]
    [InlineData("status", ">/dev/full", 1)]
    [InlineData("data list", ">/dev/full", 1)]
    [InlineData("--help", ">/dev/full", 1)]
    [InlineData("train --no-such-option", "2>/dev/full", 2)]
    [InlineData("evaluate nothing", "2>&-", 2)]
    public void Every_command_ends_with_its_exit_code(string command, string redirection, int expected)
    {
        string[] arguments = command == "status" ? ["status", _directory.Write("config.json", "{}"u8.ToArray())[..^"config.json".Length]] : command.Split(' ');
        Assert.Equal(expected, RunWith(redirection, arguments).ExitCode);
    }

    [Fact]
    public void A_port_in_use_is_one_line_and_nothing_is_written()
    {
        using var busy = new TcpListener(IPAddress.Loopback, 0);
        busy.Start();
        int port = ((IPEndPoint)busy.LocalEndpoint).Port;
        foreach (string[] cluster in new[] { new[] { "--listen", $"127.0.0.1:{port}" }, ["--listen", $"127.0.0.1:{LocalPort.FindFree()}", "--link-port", $"{port}"] })
        {
            ProcessResult result = NnClusterProcess.Run(["train", .. Training, .. cluster, "--out", _directory["run"]]);
            Assert.Equal(2, result.ExitCode);
            Assert.StartsWith($"cannot listen on 127.0.0.1:{port}: ", result.Error.Split('\n')[^1], StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
            Assert.False(Directory.Exists(_directory["run"]));
        }
    }

    private static ProcessResult RunWith(string redirection, string[] arguments)
    {
        using var process = new NnClusterProcess(arguments, under: ["sh", "-c", $"exec \"$@\" {redirection}", "sh"]);
        return process.Wait();
    }
}
