using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed class RunHistoryTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nncluster-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_the_run_directory_wrote_is_what_the_events_said()
    {
        var observed = new RunHistory();
        string metrics;
        using (RunDirectory run = RunDirectory.CreateAt(Path.Combine(_directory, "run")))
        {
            metrics = run.Paths.Metrics;
            foreach (RunEvent runEvent in Events())
            {
                run.Observe(runEvent);
                observed.Observe(runEvent);
            }
        }

        var read = RunHistory.Read(metrics);

        Assert.Equal(observed.Steps, read.Steps);
        Assert.Equal(observed.Epochs, read.Epochs);
        Assert.Equal(4, read.Steps.Count);
        Assert.Equal(0.85, read.Epochs[1].ValidationAccuracy);
        Assert.True(double.IsNaN(read.Epochs[0].ValidationAccuracy));
    }

    [Fact]
    public void A_line_that_is_being_written_is_left_out()
    {
        string path = Save(Header + Step(1) + "{\"type\":\"step\",\"step\":2,\"ep");

        Assert.Equal([new StepPoint(1, 2.5f, 0.5f)], RunHistory.Read(path).Steps);
    }

    [Theory]
    [InlineData("x\n", 2)]
    [InlineData("{\"type\":\"step\",\"step\":2}\n", 2)]
    [InlineData("[1]\n", 2)]
    [InlineData("{\"type\":\"step\",\"step\":\"one\",\"loss\":2}\n", 2)]
    [InlineData("{\"type\":\"header\",\"formatVersion\":2}\n", 2)]
    [InlineData("{\"type\":\"participantJoined\",\"elapsedSeconds\":1,\"participant\":\"a\"}\n", 2)]
    public void A_line_that_is_no_metric_is_named(string text, int line)
    {
        string path = Save(Header + text + Step(1));

        Assert.StartsWith($"{path}:{line}: ", Assert.Throws<BadInputException>(() => RunHistory.Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"step\":1,\"epoch\":0.5,\"loss\":2.5}\n", "has no formatVersion")]
    [InlineData("{\"type\":\"header\",\"formatVersion\":3}\n", "has format version 3; this program reads version 2")]
    [InlineData("x\n", "has no formatVersion")]
    public void A_file_of_another_format_version_is_refused_in_one_line(string text, string reason)
    {
        string path = Save(text);

        string message = Assert.Throws<BadInputException>(() => RunHistory.Read(path)).Message;

        Assert.StartsWith($"{path}: {reason}", message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void Lines_longer_than_a_buffer_and_across_its_end_are_read_whole()
    {
        string[] names = [.. Enumerable.Range(0, 40).Select(i => new string((char)('a' + (i % 26)), 1 + (i * 7_919 % 200_000)))];
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(string.Join("\n", names) + "\nrest"));

        Assert.Equal(names, JsonLines.Read(stream).Select(line => System.Text.Encoding.UTF8.GetString(line.Span)));
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains("no such file", Assert.Throws<BadInputException>(() => RunHistory.Read(Path.Combine(_directory, "none"))).Message, StringComparison.Ordinal);

    private static RunEvent[] Events() =>
    [
        new ParticipantJoined("a"),
        new StepCompleted(1, 0.5, 2.5f, 0.25f, 0.1f, 1, 0.01),
        new StepCompleted(2, 1, 0.1f, 0.75f, 0.1f, 1, 0.01),
        new EpochCompleted(1, 2, 1.3f, 0.5f, new(1.1, 0.6, 100), null, null, 0.02),
        new StepCompleted(3, 1.5, float.NaN, float.NaN, 0.1f, 1, 0.01),
        new StepCompleted(4, 2, 0.05f, 0.875f, 0.1f, 1, 0.01),
        new EpochCompleted(2, 4, 0.1f, 0.8f, new(0.9, 0.7, 100), new(0.95, 0.85, 50), 0.125f, 0.04),
    ];

    private const string Header = "{\"type\":\"header\",\"formatVersion\":2}\n";

    private static string Step(int step) =>
        $$"""{"type":"step","step":{{step}},"epoch":0.5,"loss":2.5,"batchAccuracy":0.5,"learningRate":0.1,"gradientNorm":1,"seconds":0.01}""" + "\n";

    private string Save(string text)
    {
        string path = Path.Combine(_directory, RunPaths.MetricsName);
        File.WriteAllText(path, text);
        return path;
    }
}
