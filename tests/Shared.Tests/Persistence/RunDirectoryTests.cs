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
    public void A_directory_that_holds_a_run_is_refused_and_left_as_it_is()
    {
        string path = _directory["run"];
        using (RunDirectory run = RunDirectory.CreateAt(path))
        {
            run.Observe(Started());
            run.Observe(Step(1));
        }

        Assert.Contains("already holds a run", Assert.Throws<BadInputException>(() => RunDirectory.CreateAt(path)).Message, StringComparison.Ordinal);
        Assert.Equal([1], Steps(new RunPaths(path).Metrics));
        Assert.Equal([Started()], new EventTail(new RunPaths(path).Events).Read().Select(logged => logged.Event));
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
                """{"type":"header","formatVersion":2}""",
                """{"type":"step","step":3,"epoch":0.25,"loss":1.5,"batchAccuracy":0.875,"learningRate":0.001,"gradientNorm":2.25,"seconds":0.0125}""",
                """{"type":"step","step":4,"epoch":0.5,"loss":null,"batchAccuracy":null,"learningRate":0.001,"gradientNorm":null,"seconds":0.0125}""",
                """{"type":"epoch","epoch":1,"step":4,"testAccuracy":0.9,"testLoss":0.4,"testRows":100,"trainLoss":0.5,"trainAccuracy":0.75,"trainSeconds":2.5}""",
                """{"type":"epoch","epoch":2,"step":8,"testAccuracy":0.9,"testLoss":0.4,"testRows":100,"trainLoss":0.5,"trainAccuracy":0.75,"validationAccuracy":0.85,"validationLoss":0.45,"validationRows":50,"deadUnits":0.125,"trainSeconds":5}""",
            ],
            ReadShared(run.Paths.Metrics));
        Assert.Empty(ReadShared(run.Paths.Events));
    }

    /// <summary>One event of every type with a line in events.jsonl.</summary>
    private static readonly RunEvent[] Events =
    [
        Started(),
        new ParticipantJoined("a \"quoted\" name"),
        new ParticipantLost("b", LossCause.LinkClosed, "link broken"),
        new ShardsReassigned(7, 2, "b", ReassignCause.TimedOut, "late"),
        new ShardsRecovered(7, 2),
        new FirstStepTaken(8),
        new CheckpointWritten(50, "/x/checkpoint-50.safetensors") { Seconds = 0.25 },
        new CheckpointWritten(51, "/x/checkpoint-51.safetensors"),
        new CheckpointFailed(60, "No space left on device"),
        new RunPaused(0, 1),
        new RunContinued(2),
        new ParticipantProgress("a", 16, 2048) { ComputeSeconds = 0.125 },
        new StoppedEarly(6, 60, 4, 40),
        new RunEnded(RunOutcomeKind.Interrupted, 60, null),
        Started(term: 2, resumedFrom: 50),
        new RunEnded(RunOutcomeKind.Failed, 70, "the loss is NaN"),
    ];

    // The keys in the files are in the words of docs/files.md.
    private static readonly Dictionary<string, string> Renamed = new()
    {
        ["worker"] = "participant",
        ["shards"] = "shards",
    };

    [Fact]
    public void Every_other_event_has_its_type_its_times_and_all_of_its_fields()
    {
        RunEvent[] events = Events;
        Type[] known = [typeof(StepCompleted), typeof(EpochCompleted), .. events.Select(runEvent => runEvent.GetType()).Distinct()];
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

        string[] lines = ReadShared(run.Paths.Events);
        Assert.Equal(events.Length, lines.Length);
        foreach ((RunEvent runEvent, string line) in events.Zip(lines))
        {
            using var json = JsonDocument.Parse(line);
            DateTime time = json.RootElement.GetProperty("timeUtc").GetDateTime();
            Assert.InRange(time, began, DateTime.UtcNow);
            var expected = new Dictionary<string, string>
            {
                ["type"] = RunEventJson.TypeOf(runEvent),
                ["timeUtc"] = json.RootElement.GetProperty("timeUtc").GetString()!,
                ["elapsedSeconds"] = "1.5",
            };
            Assert.Equal("type", json.RootElement.EnumerateObject().First().Name);
            if (runEvent is RunStarted)
            {
                expected["formatVersion"] = "2";
            }

            foreach (System.Reflection.PropertyInfo field in runEvent.GetType().GetProperties().Where(p => p.Name is not ("At" or "EqualityContract")))
            {
                string name = JsonNamingPolicy.CamelCase.ConvertName(field.Name);
                object? value = field.GetValue(runEvent);
                expected[Renamed.GetValueOrDefault(name, name)] = value is Enum ? JsonNamingPolicy.CamelCase.ConvertName($"{value}") : $"{value}";
            }

            Assert.Equal(expected, json.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ToString()));
        }
    }

    [Fact]
    public void Every_event_is_read_back_as_it_was()
    {
        RunEvent[] events = [.. Events.Select((runEvent, i) => runEvent with { At = TimeSpan.FromMilliseconds(i) })];
        string path;
        using (RunDirectory run = RunDirectory.CreateAt(_directory["run"]))
        {
            path = run.Paths.Events;
            Array.ForEach(events, run.Observe);
        }

        IReadOnlyList<LoggedEvent> read = new EventTail(path).Read();

        Assert.Equal(events, read.Select(logged => logged.Event));
        Assert.All(read, logged => Assert.Equal(DateTimeKind.Utc, logged.TimeUtc.Kind));
    }

    [Fact]
    public void Metrics_are_read_back_as_they_were()
    {
        RunEvent[] metrics =
        [
            new StepCompleted(3, 1.0 / 3, 0.1f, float.NaN, 1e-30f, float.Epsilon, 1e-7),
            new EpochCompleted(2, 8, 0.5f, 0.75f, new(0.1, double.NaN, 100), new(0.45, 0.85, 50), 0.125f, 5),
            new EpochCompleted(3, 9, 0.5f, 0.75f, new(0.1, 0.2, 100), null, null, 5.5),
        ];
        string path;
        using (RunDirectory run = RunDirectory.CreateAt(_directory["run"]))
        {
            path = run.Paths.Metrics;
            Array.ForEach(metrics, run.Observe);
        }

        Assert.Equal(metrics, MetricsReader.Read(path));
    }

    [Fact]
    public void Events_are_followed_line_by_line_and_a_torn_one_waits_for_its_end()
    {
        string path = _directory["followed"];
        var tail = new EventTail(path);
        Assert.Empty(tail.Read());
        using RunDirectory run = RunDirectory.CreateAt(_directory["run"]);
        run.Observe(Started());
        run.Observe(new ParticipantJoined("a"));
        run.Flush();
        byte[] content = System.Text.Encoding.UTF8.GetBytes(string.Join('\n', ReadShared(run.Paths.Events)) + "\n");
        File.WriteAllBytes(path, content[..^5]);
        Assert.Equal([Started()], tail.Read().Select(logged => logged.Event));
        Assert.Empty(tail.Read());
        File.WriteAllBytes(path, content);
        Assert.Equal([new ParticipantJoined("a")], tail.Read().Select(logged => logged.Event));
    }

    [Theory]
    [InlineData("{\"event\":\"participantJoined\",\"at\":1,\"worker\":\"a\"}", "has no formatVersion")]
    [InlineData("{\"type\":\"participantJoined\",\"elapsedSeconds\":1,\"participant\":\"a\"}", "has no formatVersion")]
    [InlineData("{\"type\":\"runStarted\",\"formatVersion\":3}", "has format version 3")]
    [InlineData("{\"type\":\"runStarted\",\"formatVersion\":2,\"elapsedSeconds\":1}", "'name' is expected")]
    [InlineData("x", "it is not JSON")]
    public void Events_of_another_format_and_lines_that_are_none_are_refused_in_one_line(string text, string reason)
    {
        string path = _directory["events"];
        File.WriteAllText(path, text + "\n");
        string message = Assert.Throws<BadInputException>(() => new EventTail(path).Read()).Message;
        Assert.StartsWith($"{path}: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_run_of_another_format_version_is_not_resumed_and_not_changed()
    {
        string path = _directory["run"];
        RunDirectory.CreateAt(path).Dispose();
        var paths = new RunPaths(path);
        const string old = "{\"step\":1,\"epoch\":0.5,\"loss\":2.5}\n{\"step\":2,\"ep";
        File.WriteAllText(paths.Metrics, old);

        Assert.StartsWith(
            $"{paths.Metrics}: has no formatVersion",
            Assert.Throws<BadInputException>(() => RunDirectory.Resume(path, 0, () => Assert.Fail("changes the directory"))).Message,
            StringComparison.Ordinal);
        Assert.Equal(old, File.ReadAllText(paths.Metrics));
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

        long[] steps = Steps(new RunPaths(path).Metrics);
        Assert.Equal(Enumerable.Range(1, threads * each).Select(i => (long)i), steps.Order());
    }

    [Fact]
    public void Resuming_drops_the_steps_that_will_be_taken_again_and_a_torn_line_but_keeps_events()
    {
        string path = _directory["run"];
        using (RunDirectory run = RunDirectory.CreateAt(path))
        {
            run.Observe(Started());
            run.Observe(new ParticipantJoined("a"));
            Enumerable.Range(1, 5).ToList().ForEach(step => run.Observe(Step(step)));
            run.Observe(new EpochCompleted(1, 5, 0.5f, 0.75f, new(0.4, 0.9, 100), null, null, 2.5));
            run.Observe(new CheckpointWritten(5, "x"));
        }

        File.AppendAllText(Path.Combine(path, "metrics.jsonl"), """{"type":"step","step":3,"epo""");
        File.AppendAllText(Path.Combine(path, "events.jsonl"), "{\"ty");

        using RunDirectory resumed = RunDirectory.Resume(path, step: 3);
        resumed.Observe(Started(term: 2, resumedFrom: 3));
        resumed.Observe(Step(4));
        resumed.Observe(new ParticipantJoined("b"));
        resumed.Flush();

        Assert.Equal([1, 2, 3, 4], Steps(resumed.Paths.Metrics));
        Assert.Equal(
            [Started(), new ParticipantJoined("a"), new CheckpointWritten(5, "x"), Started(term: 2, resumedFrom: 3), new ParticipantJoined("b")],
            new EventTail(resumed.Paths.Events).Read().Select(logged => logged.Event));
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

        RunEvent[] metrics = [.. MetricsReader.Read(resumed.Paths.Metrics)];
        Assert.Equal([1, 2, 3, 4, 5, 5, 6, 6], Steps(metrics));
        Assert.Equal([5, 6], metrics.OfType<EpochCompleted>().Select(epoch => epoch.Step));
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
        Assert.Equal(Enumerable.Range(1, step + 1).Select(taken => (long)taken), Steps(resumed.Paths.Metrics));
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
        Assert.StartsWith(run.Paths.Events + ": cannot be written: ", error.Message, StringComparison.Ordinal);
        run.Observe(new ParticipantJoined("b"));
        run.Observe(Step(1));
        Assert.Throws<RunDirectoryException>(run.Flush);
        Assert.Equal([1], Steps(run.Paths.Metrics));
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
                run.Observe(new ParticipantLost("a", LossCause.LinkClosed, reason));
                Assert.Throws<RunDirectoryException>(run.Flush);
            }
        });
        Assert.StartsWith(run.Paths.Events, error.Message, StringComparison.Ordinal);
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

        Assert.Equal("{\"epochs\":3}\n", File.ReadAllText(run.Paths.Config));
        Assert.Equal(summary, RunSummary.Parse(File.ReadAllText(run.Paths.Summary)));
        Assert.EndsWith("checkpoint-1407.safetensors", run.Paths.Checkpoint(1407), StringComparison.Ordinal);
    }

    private static RunStarted Started(long term = 1, long? resumedFrom = null) =>
        new("mnist", "0123456789abcdef0123456789abcdef", term, resumedFrom, 203530, 100, 2, 128, 8, "simd", ulong.MaxValue);

    private static long[] Steps(string metrics) => Steps(MetricsReader.Read(metrics));

    private static long[] Steps(IEnumerable<RunEvent> metrics) =>
        [.. metrics.Select(metric => metric is StepCompleted step ? step.Step : ((EpochCompleted)metric).Step)];

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
