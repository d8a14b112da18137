using System.Text.Json;
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

namespace NnCluster.Cli.Tests.Commands;

/// <summary><c>nncluster status</c>: what a directory shows of its run.</summary>
public sealed class StatusCommandTests(InterruptedRun interrupted) : IClassFixture<InterruptedRun>, IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private string Run => _directory["run"];

    [Fact]
    public void A_stopped_run_can_be_resumed_from_its_newest_checkpoint()
    {
        JsonElement status = Status(interrupted.Path);
        Assert.Equal("interrupted", status.GetProperty("state").GetString());
        Assert.Equal((16, 16, 2), (Number(status, "step"), Number(status, "checkpointStep"), Number(status, "checkpoints")));
        Assert.Equal("checkpoint-16.safetensors", status.GetProperty("checkpoint").GetString());
        CheckpointPosition position = Checkpoint.Read(Path.Combine(interrupted.Path, "checkpoint-16.safetensors")).Position;
        Assert.Equal(position.RunId, status.GetProperty("runId").GetString());
        Assert.Equal(2, Number(status, "term"));
        Assert.True(status.GetProperty("canResume").GetBoolean());
        Assert.Equal(JsonValueKind.Null, status.GetProperty("processId").ValueKind);
    }

    [Fact]
    public void A_damaged_checkpoint_is_passed_over_for_the_one_before_it()
    {
        Copy();
        Damage("checkpoint-16.safetensors");
        Assert.Equal((8, 2), (Number(Status(Run), "checkpointStep"), Number(Status(Run), "checkpoints")));
        Damage("checkpoint-8.safetensors");
        JsonElement status = Status(Run);
        Assert.False(status.GetProperty("canResume").GetBoolean());
        Assert.Equal((JsonValueKind.Null, 2), (status.GetProperty("checkpoint").ValueKind, Number(status, "checkpoints")));
        Assert.NotEqual("", status.GetProperty("reason").GetString());
    }

    [Fact]
    public void A_run_that_has_ended_is_completed_and_cannot_be_resumed()
    {
        Copy();
        Assert.Equal(0, NnClusterProcess.Run("train", "--json", "--resume", Run).ExitCode);
        JsonElement status = Status(Run);
        Assert.Equal("completed", status.GetProperty("state").GetString());
        Assert.Equal((23, 3.0), (Number(status, "step"), status.GetProperty("epoch").GetDouble()));
        Assert.False(status.GetProperty("canResume").GetBoolean());
    }

    [Fact]
    public void A_run_without_its_last_summary_is_not_completed()
    {
        Copy();
        File.AppendAllText(Path.Combine(Run, "events.jsonl"), Ended("completed", null) + "\n");
        const string step =
            """{"type":"step","step":23,"epoch":3,"loss":1,"batchAccuracy":1,"learningRate":1,"gradientNorm":1,"seconds":1}""";
        File.AppendAllText(Path.Combine(Run, "metrics.jsonl"), step + "\n");
        Assert.Equal(23, Number(Status(Run), "step"));
        Assert.Equal("interrupted", Status(Run).GetProperty("state").GetString());
    }

    [Fact]
    public void A_run_that_failed_says_why_and_can_be_resumed()
    {
        Copy();
        File.AppendAllText(Path.Combine(Run, "events.jsonl"), Ended("failed", "no worker is left") + "\n{\"type\":\"runSt");
        JsonElement status = Status(Run);
        Assert.Equal(("failed", "no worker is left"), (status.GetProperty("state").GetString(), status.GetProperty("reason").GetString()));
        Assert.True(status.GetProperty("canResume").GetBoolean());
    }

    [Fact]
    public void A_run_whose_process_died_in_it_is_interrupted_although_an_earlier_one_failed()
    {
        Copy();
        string[] events = [Ended("failed", "x"), """{"type":"firstStepApplied","elapsedSeconds":1,"step":17}"""];
        File.AppendAllLines(Path.Combine(Run, "events.jsonl"), events);
        Assert.Equal("interrupted", Status(Run).GetProperty("state").GetString());
    }

    [Fact]
    public void A_run_that_a_process_trains_is_running_and_names_the_process()
    {
        using (NnCluster.Persistence.RunDirectory.CreateAt(Run))
        {
            JsonElement status = Status(Run);
            Assert.Equal(("running", Environment.ProcessId), (status.GetProperty("state").GetString(), Number(status, "processId")));
            Assert.False(status.GetProperty("canResume").GetBoolean());
        }

        Assert.Equal("interrupted", Status(Run).GetProperty("state").GetString());
    }

    [Fact]
    public void A_lock_that_a_killed_process_left_behind_does_not_count()
    {
        Copy();
        File.WriteAllText(Path.Combine(Run, ".lock"), $"{Environment.ProcessId}");
        Assert.Equal("interrupted", Status(Run).GetProperty("state").GetString());
    }

    [Fact]
    public void Fields_are_printed_one_a_line()
    {
        ProcessResult result = NnClusterProcess.Run("status", interrupted.Path, "--field", "state,processId,checkpoints");
        Assert.Equal((0, "interrupted\n\n2\n"), (result.ExitCode, result.Output));
        ProcessResult unknown = NnClusterProcess.Run("status", interrupted.Path, "--field", "mood");
        Assert.Equal(2, unknown.ExitCode);
        Assert.StartsWith("--field mood: expected some of runDirectory, state, ", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_is_for_people_and_names_the_command_that_resumes()
    {
        ProcessResult result = NnClusterProcess.Run("status", interrupted.Path);
        Assert.Equal(0, result.ExitCode);
        Assert.Contains($"nncluster train --resume {interrupted.Path}", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_directory_without_a_run_ends_with_exit_code_2_and_one_line(bool exists)
    {
        if (exists)
        {
            Directory.CreateDirectory(Run);
        }

        ProcessResult result = NnClusterProcess.Run("status", Run, "--json");
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"{Run}: ", Assert.Single(result.Error.Split('\n')), StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    private static string Ended(string outcome, string? reason) =>
        JsonSerializer.Serialize(new { type = "runEnded", elapsedSeconds = 1, outcome, step = 23, reason });

    private static int Number(JsonElement status, string name) => status.GetProperty(name).GetInt32();

    private static JsonElement Status(string run)
    {
        ProcessResult result = NnClusterProcess.Run("status", run, "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Json;
    }

    private void Copy()
    {
        Directory.CreateDirectory(Run);
        foreach (string file in Directory.GetFiles(interrupted.Path))
        {
            File.Copy(file, Path.Combine(Run, Path.GetFileName(file)));
        }
    }

    private void Damage(string name)
    {
        string path = Path.Combine(Run, name);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^100] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
