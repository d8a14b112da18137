using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Coordinator;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Commands;

public sealed class ResumeTests : IClassFixture<InterruptedRun>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly InterruptedRun _stopped;
    private readonly string _run;

    public ResumeTests(InterruptedRun stopped)
    {
        _stopped = stopped;
        _run = _directory["run"];
        Directory.CreateDirectory(_run);
        foreach (string file in Directory.GetFiles(stopped.Path))
        {
            File.Copy(file, Path.Combine(_run, Path.GetFileName(file)));
        }
    }

    public enum Damage
    {
        Empty,
        HeaderTorn,
        Truncated,
        BitFlipped,
        MetadataBitFlipped,
        OfAnotherStep,
        OfOtherOptions,
        OfAnotherLayout,
        OfAnotherRunWithTheSameOptions,
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(Damage.Empty, "is not a safetensors file")]
    [InlineData(Damage.HeaderTorn, "is truncated")]
    [InlineData(Damage.Truncated, "is truncated")]
    [InlineData(Damage.BitFlipped, "is damaged")]
    [InlineData(Damage.MetadataBitFlipped, "is damaged")]
    public void A_damaged_checkpoint_is_passed_over_for_the_one_before_it(Damage damage, string reason) =>
        AssertPassesOver("checkpoint-16.safetensors", damage, reason, resumedFrom: 8);

    [Theory]
    [InlineData(Damage.OfAnotherStep, "is of step 8, which is not that of its name")]
    [InlineData(Damage.OfOtherOptions, "is of another run: its optimizer.learningRate is 0.5, and 0.005 is asked for")]
    [InlineData(Damage.OfAnotherLayout, "this network needs")]
    [InlineData(Damage.OfAnotherRunWithTheSameOptions, "is of another run with the same specification")]
    public void A_whole_checkpoint_that_is_not_of_this_run_is_passed_over(Damage damage, string reason) =>
        AssertPassesOver("checkpoint-900.safetensors", damage, reason, resumedFrom: 16);

    [Fact]
    public void If_no_checkpoint_can_be_used_every_reason_is_given_and_nothing_is_changed()
    {
        Make(In("checkpoint-16.safetensors"), Damage.BitFlipped);
        Make(In("checkpoint-8.safetensors"), Damage.Truncated);
        ProcessResult result = InterruptedRun.Expect(2, Resume());
        Assert.Contains("none of its checkpoints can be used", result.Error, StringComparison.Ordinal);
        Assert.Contains("is damaged", result.Error, StringComparison.Ordinal);
        Assert.Contains("is truncated", result.Error, StringComparison.Ordinal);
        Assert.Equal(["checkpoint-16.safetensors", "checkpoint-8.safetensors"], InterruptedRun.Checkpoints(_run));
    }

    [Fact]
    public void One_checkpoint_each_of_two_runs_with_the_same_options_is_not_guessed_about()
    {
        File.Delete(In("checkpoint-8.safetensors"));
        Make(In("checkpoint-12.safetensors"), Damage.OfAnotherRunWithTheSameOptions);
        Assert.Contains("holds checkpoints of two runs, and as many of each", InterruptedRun.Expect(2, Resume()).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_killed_write_left_is_deleted()
    {
        string left = In($".checkpoint-20.safetensors.{Guid.NewGuid():N}.tmp");
        File.WriteAllText(left, "half of a checkp");
        InterruptedRun.Expect(0, Resume());
        Assert.False(File.Exists(left));
    }

    [Fact]
    public void The_last_checkpoint_of_a_stopped_run_is_among_its_events()
    {
        foreach (long step in new long[] { 8, 16 })
        {
            Assert.Single(Events().OfType<CheckpointWritten>(), checkpoint => checkpoint.Step == step);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_stopped_run_whose_last_checkpoint_cannot_be_written_has_failed_and_names_the_newest_there_is(bool cluster)
    {
        // A file cannot replace a directory.
        Directory.CreateDirectory(In("checkpoint-18.safetensors"));
        string[] listen = cluster ? ["--listen", $"127.0.0.1:{FreePort()}", "--workers", "1"] : [];
        ProcessResult failed = InterruptedRun.Expect(1, Resume([.. listen, "--stop-after", "18"]));
        Assert.Contains("interrupted after step 18, whose checkpoint could not be written", failed.Error, StringComparison.Ordinal);
        Assert.Contains("the run can resume from checkpoint-16.safetensors", failed.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("Interrupted after step", failed.Error, StringComparison.Ordinal);
        Assert.Contains(Events().OfType<CheckpointFailed>(), checkpoint => checkpoint.Step == 18);
        Assert.Equal((RunOutcomeKind.Failed, 18), Events()[^1] is RunEnded ended ? (ended.Outcome, ended.Step) : default);

        Directory.Delete(In("checkpoint-18.safetensors"));
        AssertGoesOn(Resume(), resumedFrom: 16);
    }

    [Fact]
    public void Whoever_finds_the_checkpoints_changed_when_the_directory_is_his_changes_nothing()
    {
        Make(In("checkpoint-16.safetensors"), Damage.BitFlipped);
        var point = ResumePoint.Find(_run);
        Assert.Equal(8, point.Position.Step);
        byte[] metrics = File.ReadAllBytes(In("metrics.jsonl"));
        // As if another process had gone on with the run and ended between the search and the lock.
        File.Copy(Path.Combine(_stopped.Path, "checkpoint-16.safetensors"), In("checkpoint-20.safetensors"));
        Assert.Throws<RunDirectoryException>(() => RunDirectory.Resume(_run, point.Position.Step, point.SetRejectedAside));
        Assert.Equal(metrics, File.ReadAllBytes(In("metrics.jsonl")));
        Assert.Equal(3, InterruptedRun.Checkpoints(_run).Count());
    }

    private void AssertPassesOver(string name, Damage damage, string reason, long resumedFrom)
    {
        long term = ResumePoint.Find(_stopped.Path).Position.Term;
        Make(In(name), damage);
        ProcessResult resumed = Resume();
        AssertGoesOn(resumed, resumedFrom);
        string line = Assert.Single(resumed.Error.Split('\n'), line => line.Contains("the checkpoint before it is used", StringComparison.Ordinal));
        Assert.Contains(reason, line, StringComparison.Ordinal);
        Assert.Contains($"it is now {name}.rejected", line, StringComparison.Ordinal);
        Assert.True(File.Exists(In(name + ".rejected")));
        Assert.False(File.Exists(In(name)));

        CheckpointPosition first = Checkpoint.ReadHeader(Path.Combine(_stopped.Path, "checkpoint-16.safetensors"));
        CheckpointPosition last = Checkpoint.ReadHeader(In("checkpoint-23.safetensors"));
        Assert.Equal(first.RunId, last.RunId);
        // Of a file without a readable header nobody knows the term.
        Assert.True(damage is Damage.Empty or Damage.HeaderTorn || last.Term > term, $"term {last.Term} after {term}");
    }

    private void AssertGoesOn(ProcessResult resumed, long resumedFrom)
    {
        InterruptedRun.Expect(0, resumed);
        Assert.Equal(($"{resumedFrom}", _stopped.WeightsSha256), (resumed.Field("resumedFromStep"), resumed.Field("weightsSha256")));
        Assert.Equal(
            Enumerable.Range(1, 23).Select(step => (long)step),
            MetricsReader.Read(In("metrics.jsonl")).OfType<StepCompleted>().Select(step => step.Step));
    }

    private void Make(string path, Damage damage)
    {
        byte[] whole = File.ReadAllBytes(Path.Combine(_stopped.Path, "checkpoint-16.safetensors"));
        switch (damage)
        {
            case Damage.Empty:
                File.WriteAllBytes(path, []);
                break;
            case Damage.HeaderTorn:
                File.WriteAllBytes(path, whole[..100]);
                break;
            case Damage.Truncated:
                File.WriteAllBytes(path, whole[..^1000]);
                break;
            case Damage.BitFlipped:
                whole[^100] ^= 1;
                File.WriteAllBytes(path, whole);
                break;
            case Damage.MetadataBitFlipped:
                // The first digit of the run's identity.
                whole[whole.AsSpan().IndexOf("\"runId\":\""u8) + 9] ^= 1;
                File.WriteAllBytes(path, whole);
                break;
            case Damage.OfAnotherStep:
                File.Copy(Path.Combine(_stopped.Path, "checkpoint-8.safetensors"), path);
                break;
            case Damage.OfOtherOptions:
                Rewrite(Path.Combine(_stopped.Other, "checkpoint-12.safetensors"), path);
                break;
            case Damage.OfAnotherRunWithTheSameOptions:
                Rewrite(Path.Combine(_stopped.Same, "checkpoint-12.safetensors"), path);
                break;
            case Damage.OfAnotherLayout:
                Rewrite(Path.Combine(_stopped.Path, "checkpoint-16.safetensors"), path, hidden: 25);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(damage), damage, null);
        }
    }

    /// <summary>A whole checkpoint of another run with the step of its name; its weights are all zero.</summary>
    private static void Rewrite(string source, string path, int? hidden = null)
    {
        CheckpointPosition position = Checkpoint.ReadHeader(source);
        RunSpec spec = RunSpecJson.Parse(position.RunSpec, source);
        var layout = ParameterLayout.For(hidden is { } units ? spec.Model with { Hidden = [new() { Units = units }] } : spec.Model);
        ImmutableArray<string> names = Optimizer.For(spec.Optimizer, layout, totalSteps: 23).StateNames;
        using var zero = new AlignedBuffer(layout.StateLength);
        long step = long.Parse(Path.GetFileNameWithoutExtension(path).Split('-')[1], CultureInfo.InvariantCulture);
        Checkpoint.Write(path, position with { Step = step }, layout, zero, [.. names.Select(name => (name, zero))]);
    }

    private static int FreePort()
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private RunEvent[] Events() => [.. new EventTail(In("events.jsonl")).Read().Select(logged => logged.Event)];

    private string In(string file) => Path.Combine(_run, file);

    private ProcessResult Resume(params string[] arguments) => NnClusterProcess.Run(["train", "--json", "--resume", _run, .. arguments]);
}
