namespace NnCluster.Cli.Chaos;

/// <summary>Resources of the processes of a role at the start and at the end of a run.</summary>
/// <param name="Start">Medians of the first fifth of the samples.</param>
/// <param name="End">Medians of the last fifth.</param>
internal sealed record UseGrowth(ProcessUse Start, ProcessUse End);

/// <summary>
/// Samples the resources of processes. The first 10 s of a process do not count: its code is still compiled.
/// </summary>
internal sealed class UseSamples
{
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, List<ProcessUse>> _samples = [];
    private readonly Dictionary<int, TimeSpan> _firstSeen = [];
    private TimeSpan _taken = -Interval;

    /// <summary>Samples each process, every 2 s.</summary>
    /// <param name="now">Time since the start.</param>
    /// <param name="processes">The processes with their roles.</param>
    public void Take(TimeSpan now, IEnumerable<(string Role, int Process)> processes)
    {
        if (now - _taken < Interval)
        {
            return;
        }

        _taken = now;
        foreach ((string role, int process) in processes)
        {
            _firstSeen.TryAdd(process, now);
            if (now - _firstSeen[process] >= WarmUp && ProcessUse.Of(process) is { } use)
            {
                Add(role, use);
            }
        }
    }

    /// <summary>Adds a sample.</summary>
    public void Add(string role, ProcessUse use)
    {
        if (!_samples.TryGetValue(role, out List<ProcessUse>? samples))
        {
            _samples.Add(role, samples = []);
        }

        samples.Add(use);
    }

    /// <summary>Start and end of each role that has at least ten samples.</summary>
    public IReadOnlyDictionary<string, UseGrowth> Growth() => _samples
        .Where(entry => entry.Value.Count >= 10)
        .ToDictionary(entry => entry.Key, entry => new UseGrowth(
            Median(entry.Value[..(entry.Value.Count / 5)]),
            Median(entry.Value[^(entry.Value.Count / 5)..])));

    private static ProcessUse Median(List<ProcessUse> samples) => new(
        samples.Select(use => use.Memory).Order().ElementAt(samples.Count / 2),
        samples.Select(use => use.Threads).Order().ElementAt(samples.Count / 2),
        samples.Select(use => use.Handles).Order().ElementAt(samples.Count / 2));
}
