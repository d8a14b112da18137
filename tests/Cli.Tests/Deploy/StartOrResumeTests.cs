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

/// <summary>The script that a supervisor runs as the coordinator.</summary>
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
        File.WriteAllText(Path.Combine(Run, "metrics.jsonl"), "");
        File.WriteAllText(Path.Combine(Run, "summary.json"), """{"steps":0}""");
        File.WriteAllText(Path.Combine(Run, "events.jsonl"), """{"type":"runEnded","elapsedSeconds":1,"outcome":"completed","step":0,"reason":null}""" + "\n");
        ProcessResult result = StartOrResume("echo", ("NNCLUSTER_WHEN_DONE", "stay"), "--listen", "a:4500", "--health-port", "4502", "--", "--epochs", "2");
        Assert.Equal("""{"steps":0}stay|--health-port|4502|""", result.Output);
    }

    [Theory]
    [InlineData("""{"type":"runEnded","elapsedSeconds":1,"outcome":"interrupted","step":7,"reason":null}""")]
    [InlineData("""{"reason":"step 3: the loss is not finite","step":3,"outcome":"failed","elapsedSeconds":1,"type":"runEnded"}""")]
    [InlineData("""{"type":"runEnded","elapsedSeconds":1,"outcome":"completed","step":7,"reason":null}""", """{"type":"firstStepApplied","elapsedSeconds":1,"step":8}""")]
    public void A_run_that_did_not_complete_goes_on_whatever_the_order_of_the_fields(params string[] events)
    {
        Directory.CreateDirectory(Run);
        File.WriteAllText(Path.Combine(Run, "checkpoint-7.safetensors"), "");
        File.WriteAllText(Path.Combine(Run, "summary.json"), """{"steps":7}""");
        File.WriteAllLines(Path.Combine(Run, "events.jsonl"), events);
        Assert.Equal($"train|--resume|{Run}|--listen|a:4500|", StartOrResume("echo", "--listen", "a:4500", "--", "--epochs", "2").Output);
    }

    [Fact]
    public void A_run_that_another_process_trains_is_left_alone()
    {
        using var run = RunDirectory.CreateAt(Run);
        ProcessResult result = StartOrResume("echo", "--", "--epochs", "2");
        Assert.Equal((1, ""), (result.ExitCode, result.Output));
        Assert.Equal([Run], Directory.GetDirectories(_directory.Path, "run*"));
    }

    [Fact]
    public void Without_arguments_it_says_how_it_is_used()
    {
        ProcessResult result = Tool.Run(Script, []);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("start-or-resume RUN-DIRECTORY [OPTION...] -- [OPTION...]", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_lives_of_an_interrupted_run_end_with_the_bits_of_an_undisturbed_one()
    {
        string[] options = ["--dataset", NnClusterProcess.MnistRows, "--epochs", "40", "--batch-size", "256", "--checkpoint-every", "20"];
        using (var first = new NnClusterProcess(["train", "--out", Run, .. options]))
        {
            first.Follow.WaitForEpoch(2);
            first.Signal(PosixSignal.SIGTERM);
            Assert.Equal(130, first.Wait().ExitCode);
        }

        ProcessResult second = StartOrResume("train", ["--json", "--", .. options]);
        Assert.True(second.ExitCode == 0, second.Error);
        Assert.NotEqual("", second.Field("resumedFromStep"));
        string events = File.ReadAllText(Path.Combine(Run, "events.jsonl"));
        ProcessResult third = StartOrResume("train", ["--json", "--", .. options]);
        Assert.True(third.ExitCode == 0, third.Error);
        Assert.Equal(File.ReadAllText(Path.Combine(Run, "summary.json")).TrimEnd(), third.Output.TrimEnd());
        Assert.Equal(events, File.ReadAllText(Path.Combine(Run, "events.jsonl")));
        string undisturbed = NnClusterProcess.Run(["train", "--out", _directory["other"], "--json", .. options]).Field("weightsSha256");
        Assert.Equal(undisturbed, second.Field("weightsSha256"));
        Assert.Equal(undisturbed, third.Field("weightsSha256"));
    }

    public void Dispose() => _directory.Dispose();

    private static string Script => Path.Combine(DeployFiles.Folder, DeployCommand.Script);

    // With "echo" the program prints its arguments, except that it tells the status of a run; with "train" it is the real one.
    private ProcessResult StartOrResume(string program, params string[] arguments) => StartOrResume(program, ("NNCLUSTER_WHEN_DONE", "end"), arguments);

    private ProcessResult StartOrResume(string program, (string Name, string Value) variable, params string[] arguments)
    {
        string bin = Directory.CreateDirectory(_directory["bin"]).FullName;
        string real = $"exec dotnet '{NnClusterProcess.PathOf("nncluster")}' \"$@\"";
        string body = program == "echo" ? $"[ \"$1\" != status ] || {real}\nprintf '%s|' \"$@\"" : real;
        string file = Path.Combine(bin, "nncluster");
        File.WriteAllText(file, $"#!/bin/sh\n{body}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return Tool.Run(Script, [Run, .. arguments], new Dictionary<string, string> { ["PATH"] = $"{bin}:{Environment.GetEnvironmentVariable("PATH")}", [variable.Name] = variable.Value });
    }
}
