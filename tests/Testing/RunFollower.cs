using System.Text.Json;
using NnCluster.Training;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Testing;

/// <summary>
/// Follows <c>events.jsonl</c> and <c>metrics.jsonl</c> of a run while a process writes them. Events are consumed in order:
/// each wait begins behind the event that the one before it has found.
/// </summary>
/// <param name="directory">Run directory; may appear later.</param>
/// <param name="hasEnded">Whether the process that writes has ended.</param>
/// <param name="peers">The state of the processes that the run depends on: for the message of a failed test.</param>
internal sealed class RunFollower(string directory, Func<bool> hasEnded, Func<string>? peers = null)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(5);

    private int _consumed;

    /// <summary>Run directory.</summary>
    public string Directory => directory;

    /// <summary>Every event so far.</summary>
    public IReadOnlyList<JsonElement> Events => Lines("events.jsonl");

    /// <summary>Waits until a worker has joined: the one with a name such as <c>victim.2</c>, or any.</summary>
    public void WaitForJoin(string? worker = null) =>
        WaitFor("participantJoined", happened => worker is null || happened.GetProperty("participant").GetString() == worker);

    /// <summary>Waits until a worker is lost.</summary>
    /// <returns>The reason.</returns>
    public string WaitForLoss(string worker) =>
        WaitFor("participantLost", happened => happened.GetProperty("participant").GetString() == worker).GetProperty("reason").GetString()!;

    /// <summary>Waits until shards are reassigned.</summary>
    public void WaitForReassignment() => WaitFor("shardsReassigned", _ => true);

    /// <summary>Waits until the run pauses with so many workers of those that it needs.</summary>
    public void WaitForPause(int workers, int needed) =>
        WaitFor("runPaused", happened => (Number(happened, "workers"), Number(happened, "needed")) == (workers, needed));

    /// <summary>Waits until a paused run goes on with so many workers.</summary>
    public void WaitForContinuation(int workers) =>
        WaitFor("runContinued", happened => Number(happened, "workers") == workers);

    /// <summary>Whether the run has paused so far.</summary>
    public bool HasPaused => Events.Any(happened => Name(happened) == "runPaused");

    /// <summary>Waits until an evaluation after at least so many epochs is written.</summary>
    public void WaitForEpoch(int epoch) => Wait($"epoch {epoch}", () => Evaluations() is [.., int last] && last >= epoch ? this : null);

    /// <summary>Waits until one more evaluation is written than there are now.</summary>
    public void WaitForNextEpoch()
    {
        int before = Evaluations().Count;
        Wait("another epoch", () => Evaluations().Count > before ? this : null);
    }

    private string Situation => $"{string.Join('\n', Events)}\n{peers?.Invoke()}";

    private JsonElement WaitFor(string name, Func<JsonElement, bool> predicate) => Wait(name, () => Consume(name, predicate)).Value;

    private Found? Consume(string name, Func<JsonElement, bool> predicate)
    {
        IReadOnlyList<JsonElement> events = Events;
        for (int i = _consumed; i < events.Count; i++)
        {
            if (Name(events[i]) == name && predicate(events[i]))
            {
                _consumed = i + 1;
                return new(events[i]);
            }
        }

        return null;
    }

    private T Wait<T>(string what, Func<T?> find)
        where T : class
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            bool last = hasEnded();
            if (find() is { } found)
            {
                return found;
            }

            Assert.False(last, $"the process ended without {what}: {Situation}");
            Assert.True(TimeProvider.System.GetElapsedTime(start) < Timeout, $"no {what} within {Timeout}: {Situation}");
            Thread.Sleep(Interval);
        }
    }

    // A line of an evaluation is the only one with a test loss.
    private List<int> Evaluations() =>
        [.. Lines("metrics.jsonl").Where(line => line.TryGetProperty("testLoss", out _)).Select(line => Number(line, "epoch"))];

    private static int Number(JsonElement line, string name) => line.GetProperty(name).GetInt32();

    private static string Name(JsonElement happened) => happened.GetProperty("type").GetString()!;

    private List<JsonElement> Lines(string file)
    {
        string path = Path.Combine(directory, file);
        if (!File.Exists(path))
        {
            return [];
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        string text = new StreamReader(stream).ReadToEnd();
        // The last line may be half written.
        string[] whole = text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return [.. whole.Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private sealed record Found(JsonElement Value);
}
