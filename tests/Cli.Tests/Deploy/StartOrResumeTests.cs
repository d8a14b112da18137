using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Deploy;

/// <summary>The script that a supervisor calls in every life of a coordinator.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class StartOrResumeTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Run => _directory["run"];

    [Fact]
    public void A_new_run_gets_all_options()
    {
        ProcessResult result = StartOrResume("echo", "--listen", "a b:4500", "--", "--epochs", "2", "--init-from", "x y");
        Assert.Equal($"train|--out|{Run}|--listen|a b:4500|--epochs|2|--init-from|x y|", result.Output);
    }

    [Fact]
    public void A_run_with_a_checkpoint_goes_on_with_the_options_of_the_place()
    {
        Directory.CreateDirectory(Run);
        File.WriteAllText(Path.Combine(Run, "checkpoint-7.safetensors"), "");
        ProcessResult result = StartOrResume("echo", "--listen", "a:4500", "--", "--epochs", "2");
        Assert.Equal($"train|--resume|{Run}|--listen|a:4500|", result.Output);
    }

    [Fact]
    public void A_run_that_ended_before_its_first_checkpoint_is_set_aside_and_begun_again()
    {
        Directory.CreateDirectory(Run);
        File.WriteAllText(Path.Combine(Run, "metrics.jsonl"), "");
        ProcessResult result = StartOrResume("echo", "--", "--epochs", "2");
        Assert.Equal($"train|--out|{Run}|--epochs|2|", result.Output);
        string aside = Assert.Single(Directory.GetDirectories(_directory.Path, "run.without-checkpoint-*"));
        Assert.True(File.Exists(Path.Combine(aside, "metrics.jsonl")));
    }

    [Fact]
    public void A_finished_run_that_stays_answers_on_its_health_port()
    {
        Directory.CreateDirectory(Run);
        File.WriteAllText(Path.Combine(Run, "summary.json"), "{}|");
        File.WriteAllText(Path.Combine(Run, "events.jsonl"), """{"type":"runEnded","outcome":"completed","step":5,"reason":null}""" + "\n");
        ProcessResult result = StartOrResume("echo", ("NNCLUSTER_WHEN_DONE", "stay"), "--listen", "a:4500", "--health-port", "4502", "--", "--epochs", "2");
        Assert.Equal("{}|stay|--health-port|4502|", result.Output);
    }

    [Fact]
    public void Without_arguments_it_says_how_it_is_used()
    {
        ProcessResult result = Tool.Run(Script, []);
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith("Starts a run, or goes on with it", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_lives_of_an_interrupted_run_end_with_the_bits_of_an_undisturbed_one()
    {
        string[] options = ["--dataset", NnClusterProcess.MnistRows, "--epochs", "40", "--batch-size", "256", "--checkpoint-every", "20"];
        using (var first = new NnClusterProcess(["train", "--out", Run, .. options]))
        {
            first.WaitForError("epoch 2/40");
            first.Signal(PosixSignal.SIGTERM);
            Assert.Equal(130, first.Wait().ExitCode);
        }

        ProcessResult second = StartOrResume("train", ["--json", "--", .. options]);
        Assert.True(second.ExitCode == 0, second.Error);
        Assert.NotEqual("", second.Field("resumedFromStep"));
        ProcessResult third = StartOrResume("train", ["--json", "--", .. options]);
        Assert.True(third.ExitCode == 0, third.Error);
        Assert.Contains("the run is finished", third.Error, StringComparison.Ordinal);
        string undisturbed = NnClusterProcess.Run(["train", "--out", _directory["other"], "--json", .. options]).Field("weightsSha256");
        Assert.Equal(undisturbed, second.Field("weightsSha256"));
        Assert.Equal(undisturbed, third.Field("weightsSha256"));
    }

    public void Dispose() => _directory.Dispose();

    private static string Script => Path.Combine(DeployFiles.Folder, DeployCommand.Script);

    // With "echo" the program only says how it is called, with "train" it is the real one.
    private ProcessResult StartOrResume(string program, params string[] arguments) => StartOrResume(program, ("NNCLUSTER_WHEN_DONE", "end"), arguments);

    private ProcessResult StartOrResume(string program, (string Name, string Value) variable, params string[] arguments)
    {
        string bin = Directory.CreateDirectory(_directory["bin"]).FullName;
        string body = program == "echo" ? "printf '%s|' \"$@\"" : $"exec dotnet '{NnClusterProcess.PathOf("nncluster")}' \"$@\"";
        string file = Path.Combine(bin, "nncluster");
        File.WriteAllText(file, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Tool.Run(Script, [Run, .. arguments], new Dictionary<string, string> { ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}", [variable.Name] = variable.Value });
    }
}
