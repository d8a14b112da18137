using System.Text.Json;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed class RunDirectoryTests : IDisposable
{
    private sealed class FixedTime : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    }

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Runs_of_the_same_second_get_directories_of_their_own()
    {
        using var first = RunDirectory.Create(_directory.Path, "mnist", new FixedTime());
        using var second = RunDirectory.Create(_directory.Path, "mnist", new FixedTime());
        using var odd = RunDirectory.Create(_directory.Path, "my data/..\\x", new FixedTime());

        Assert.Equal(_directory["20260304-050607-mnist"], first.Path);
        Assert.Equal(_directory["20260304-050607-mnist-2"], second.Path);
        Assert.Equal(_directory["20260304-050607-my-data-..-x"], odd.Path);
    }

    [Fact]
    public void A_directory_that_holds_a_run_is_refused_unless_it_may_be_overwritten()
    {
        string path = _directory["run"];
        using (RunDirectory run = RunDirectory.CreateAt(path))
        {
            run.Observe(Step(1));
            run.Observe(new ParticipantJoined("a"));
        }

        Assert.Contains("already holds a run", Assert.Throws<BadInputException>(() => RunDirectory.CreateAt(path)).Message, StringComparison.Ordinal);
        Assert.NotEmpty(File.ReadAllText(Path.Combine(path, "metrics.jsonl")));
        using RunDirectory again = RunDirectory.CreateAt(path, overwrite: true);
        Assert.Empty(ReadShared(again.MetricsPath));
        Assert.Empty(ReadShared(again.EventsPath));
    }

    [Fact]
    public void Metrics_have_the_fields_of_steps_and_of_epochs_and_null_for_what_is_no_number()
    {
        using RunDirectory run = RunDirectory.CreateAt(_directory["run"]);
        run.Observe(new StepCompleted(3, 0.25, 1.5f, 0.875f, 0.001f, 2.25f, 0.0125));
        run.Observe(new StepCompleted(4, 0.5, float.NaN, float.NaN, 0.001f, float.PositiveInfinity, 0.0125));
        run.Observe(new EpochCompleted(1, 4, 0.5f, 0.75f, new(0.4, 0.9, 100), null, null, 2.5));
        run.Observe(new EpochCompleted(2, 8, 0.5f, 0.75f, new(0.4, 0.9, 100), new(0.45, 0.85, 50), 0.125f, 5));
        run.Flush();

        Assert.Equal(
            [
                """{"step":3,"epoch":0.25,"loss":1.5,"batchAccuracy":0.875,"learningRate":0.001,"gradientNorm":2.25,"seconds":0.0125}""",
                """{"step":4,"epoch":0.5,"loss":null,"batchAccuracy":null,"learningRate":0.001,"gradientNorm":null,"seconds":0.0125}""",
                """{"epoch":1,"step":4,"testAccuracy":0.9,"testLoss":0.4,"trainLoss":0.5,"trainAccuracy":0.75,"trainSeconds":2.5}""",
                """{"epoch":2,"step":8,"testAccuracy":0.9,"testLoss":0.4,"trainLoss":0.5,"trainAccuracy":0.75,"validationAccuracy":0.85,"validationLoss":0.45,"deadUnits":0.125,"trainSeconds":5}""",
            ],
            ReadShared(run.MetricsPath));
        Assert.Empty(ReadShared(run.EventsPath));
    }

    [Fact]
    public void Every_other_event_has_its_name_its_time_and_all_of_its_fields()
    {
        RunEvent[] events =
        [
            new RunStarted("mnist", 203530, 100, 2, 128, 8, "simd", ulong.MaxValue),
            new ParticipantJoined("a \"quoted\" name"),
            new ParticipantLost("b", "link broken"),
            new ShardsReassigned(7, 2, "b", "late"),
            new ShardsRecovered(7, 2),
            new FirstStepTaken(8),
            new CheckpointWritten(50, "/x/checkpoint-50.safetensors"),
            new CheckpointFailed(60, "No space left on device"),
            new RunPaused(0, 1),
            new RunContinued(2),
            new ParticipantProgress("a", 16, 2048),
            new RunEnded(true, null),
        ];
        Type[] known = [typeof(StepCompleted), typeof(EpochCompleted), .. events.Select(runEvent => runEvent.GetType())];
        Assert.Equal(
            typeof(RunEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(RunEvent))).OrderBy(type => type.Name),
            known.OrderBy(type => type.Name));
        DateTime began = DateTime.UtcNow;
        using RunDirectory run = RunDirectory.CreateAt(_directory["run"]);
        foreach (RunEvent runEvent in events)
        {
            run.Observe(runEvent with { At = TimeSpan.FromMilliseconds(1500) });
        }

        run.Flush();

        string[] lines = ReadShared(run.EventsPath);
        Assert.Equal(events.Length, lines.Length);
        foreach ((RunEvent runEvent, string line) in events.Zip(lines))
        {
            using var json = JsonDocument.Parse(line);
            DateTime time = json.RootElement.GetProperty("time").GetDateTime();
            Assert.InRange(time, began, DateTime.UtcNow);
            var expected = new Dictionary<string, string>
            {
                ["time"] = json.RootElement.GetProperty("time").GetString()!,
                ["event"] = JsonNamingPolicy.CamelCase.ConvertName(runEvent.GetType().Name),
                ["at"] = "1.5",
            };
            foreach (System.Reflection.PropertyInfo field in runEvent.GetType().GetProperties().Where(p => p.Name is not ("At" or "EqualityContract")))
            {
                expected[JsonNamingPolicy.CamelCase.ConvertName(field.Name)] = $"{field.GetValue(runEvent)}";
            }

            Assert.Equal(expected, json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ToString()));
        }
    }

    [Fact]
    public void Many_steps_from_several_threads_are_all_written_whole()
    {
        const int threads = 4;
        const int each = 20_000;
        string path = _directory["run"];
        using (RunDirectory run = RunDirectory.CreateAt(path))
        {
            Parallel.For(0, threads, thread =>
            {
                for (int i = 1; i <= each; i++)
                {
                    run.Observe(Step((thread * each) + i));
                }
            });
        }

        long[] steps = [.. File.ReadLines(Path.Combine(path, "metrics.jsonl")).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt64())];
        Assert.Equal(Enumerable.Range(1, threads * each).Select(i => (long)i), steps.Order());
    }

    [Fact]
    public void Resuming_drops_the_steps_that_will_be_taken_again_and_a_torn_line_but_keeps_events()
    {
        string path = _directory["run"];
        using (RunDirectory run = RunDirectory.CreateAt(path))
        {
            run.Observe(new ParticipantJoined("a"));
            Enumerable.Range(1, 5).ToList().ForEach(step => run.Observe(Step(step)));
            run.Observe(new EpochCompleted(1, 5, 0.5f, 0.75f, new(0.4, 0.9, 100), null, null, 2.5));
            run.Observe(new CheckpointWritten(5, "x"));
        }

        File.AppendAllText(Path.Combine(path, "metrics.jsonl"), """{"step":3,"epo""");
        File.AppendAllText(Path.Combine(path, "events.jsonl"), "{\"ev");

        using RunDirectory resumed = RunDirectory.Resume(path, step: 3);
        resumed.Observe(Step(4));
        resumed.Observe(new ParticipantJoined("b"));
        resumed.Flush();

        Assert.Equal([1, 2, 3, 4], ReadShared(resumed.MetricsPath).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt32()));
        Assert.Equal(
            ["participantJoined", "checkpointWritten", "participantJoined"],
            ReadShared(resumed.EventsPath).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("event").GetString()));
    }

    [Fact]
    public void Resuming_at_an_evaluation_that_was_written_keeps_its_line_and_writes_no_second_one()
    {
        string path = _directory["run"];
        using (RunDirectory run = RunDirectory.CreateAt(path))
        {
            Enumerable.Range(1, 5).ToList().ForEach(step => run.Observe(Step(step)));
            run.Observe(Epoch(1, 5));
            run.Observe(Step(6));
        }

        using RunDirectory resumed = RunDirectory.Resume(path, step: 5);
        resumed.Observe(Epoch(1, 5));
        resumed.Observe(Step(6));
        resumed.Observe(Epoch(2, 6));
        resumed.Flush();

        JsonElement[] lines = [.. ReadShared(resumed.MetricsPath).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal([1, 2, 3, 4, 5, 5, 6, 6], lines.Select(line => line.GetProperty("step").GetInt32()));
        Assert.Equal([5, 6], lines.Where(line => line.TryGetProperty("testLoss", out _)).Select(line => line.GetProperty("step").GetInt32()));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(700)]
    [InlineData(3000)]
    public void Resuming_cuts_a_long_file_at_the_right_line(int step)
    {
        string path = _directory["run"];
        using (RunDirectory run = RunDirectory.CreateAt(path))
        {
            Enumerable.Range(1, 3000).ToList().ForEach(taken => run.Observe(Step(taken)));
        }

        using RunDirectory resumed = RunDirectory.Resume(path, step);
        resumed.Observe(Step(step + 1));
        resumed.Flush();
        Assert.Equal(Enumerable.Range(1, step + 1), ReadShared(resumed.MetricsPath).Select(line => JsonDocument.Parse(line).RootElement.GetProperty("step").GetInt32()));
    }

    [Fact]
    public void Only_a_run_can_be_resumed_and_only_when_no_other_process_has_it()
    {
        Assert.Contains("no run to resume", Assert.Throws<BadInputException>(() => RunDirectory.Resume(_directory["none"], 0)).Message, StringComparison.Ordinal);
        using RunDirectory open = RunDirectory.CreateAt(_directory["run"]);
        Assert.Throws<RunDirectoryException>(() => RunDirectory.Resume(_directory["run"], 0));
    }

    [Fact]
    public void A_directory_that_cannot_be_made_is_named_with_the_reason()
    {
        string file = _directory["file"];
        File.WriteAllText(file, "x");

        RunDirectoryException error = Assert.Throws<RunDirectoryException>(() => RunDirectory.CreateAt(Path.Combine(file, "run")));

        Assert.StartsWith(Path.Combine(file, "run") + ": cannot be written: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_full_disk_fails_a_flush_but_no_event_and_then_dispose_is_quiet()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        RunDirectory run = OnAFullDisk();
        var said = new System.Collections.Concurrent.ConcurrentQueue<string>();
        run.Trouble = said.Enqueue;
        run.Observe(new ParticipantJoined("a"));

        RunDirectoryException error = Assert.Throws<RunDirectoryException>(run.Flush);
        Assert.StartsWith(run.EventsPath + ": cannot be written: ", error.Message, StringComparison.Ordinal);
        run.Observe(new ParticipantJoined("b"));
        run.Observe(Step(1));
        Assert.Throws<RunDirectoryException>(run.Flush);
        Assert.Single(ReadShared(run.MetricsPath));
        run.Dispose();
        Assert.Contains("kept in memory", Assert.Single(said), StringComparison.Ordinal);
    }

    [Fact]
    public void More_lines_than_can_be_kept_fail_the_call_and_not_the_memory()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        using RunDirectory run = OnAFullDisk();
        string reason = new('x', 1 << 20);
        RunDirectoryException error = Assert.Throws<RunDirectoryException>(() =>
        {
            for (int megabytes = 0; megabytes <= (RunEventLog.HeldLimit >> 20) + 1; megabytes++)
            {
                run.Observe(new ParticipantLost("a", reason));
                Assert.Throws<RunDirectoryException>(run.Flush);
            }
        });
        Assert.StartsWith(run.EventsPath, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_that_no_call_reported_surfaces_at_dispose()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        RunDirectory run = OnAFullDisk();
        run.Observe(new ParticipantJoined("a"));

        Assert.Throws<RunDirectoryException>(run.Dispose);
    }

    [Fact]
    public void Configuration_and_summary_are_whole_files()
    {
        using RunDirectory run = RunDirectory.CreateAt(_directory["run"]);
        RunSummary summary = RunSummaryTests.Sample();

        run.WriteConfig("""{"epochs":3}""");
        run.WriteSummary(summary);

        Assert.Equal("{\"epochs\":3}\n", File.ReadAllText(run.ConfigPath));
        Assert.Equal(summary, RunSummary.Parse(File.ReadAllText(run.SummaryPath)));
        Assert.EndsWith("checkpoint-1407.safetensors", run.CheckpointPath(1407), StringComparison.Ordinal);
    }

    private static EpochCompleted Epoch(int epoch, long step) => new(epoch, step, 0.5f, 0.75f, new(0.4, 0.9, 100), null, null, 2.5);

    private static StepCompleted Step(long step) => new(step, step / 100.0, 0.5f, 0.75f, 0.001f, 1, 0.001);

    private RunDirectory OnAFullDisk()
    {
        Directory.CreateDirectory(_directory["run"]);
        File.CreateSymbolicLink(Path.Combine(_directory["run"], "events.jsonl"), "/dev/full");
        return RunDirectory.CreateAt(_directory["run"]);
    }

    private static string[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
