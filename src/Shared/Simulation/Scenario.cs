using System.Collections.Immutable;
using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>A run, its cluster and its faults: everything that a simulation depends on.</summary>
internal sealed record Scenario
{
    /// <summary>C# expression that creates this scenario.</summary>
    public required string Name { get; init; }

    /// <summary>Seed of all random choices during the simulation.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Settings of the run.</summary>
    public required RunSettings Settings { get; init; }

    /// <summary>The cluster.</summary>
    public required ClusterModel Cluster { get; init; }

    /// <summary>Faults in order of time.</summary>
    public ImmutableArray<Fault> Faults { get; init; } = [];

    /// <summary>A small run on a small cluster under faults of any kind, drawn from the seed.</summary>
    public static Scenario FromSeed(int seed) =>
        FromSeed(seed, Enum.GetValues<SimulatedFaultKind>()) with { Name = $"Scenario.FromSeed({seed})" };

    /// <summary>A small run on a small cluster under faults of the given kinds, drawn from the seed.</summary>
    public static Scenario FromSeed(int seed, params ReadOnlySpan<SimulatedFaultKind> kinds)
    {
        var random = new SplitMix(SplitMix.Mix((ulong)seed + 1));
        int workers = random.Between(1, 6);
        int shards = 1 << random.Below(6);
        int epochs = random.Between(1, 2);
        int steps = random.Between(1, 5);
        ModelSelection? selection = SelectionFrom(seed);
        epochs = selection is null ? epochs : 3 * epochs;
        var settings = new RunSettings
        {
            TotalSteps = epochs * steps,
            EpochEnds = [.. Enumerable.Range(1, epochs).Select(epoch => (long)epoch * steps)],
            Trees = new(new(shards, shards * random.Between(8, 64)), new(4, 100), random.Below(2) == 0 || selection is not null ? new(2, 50) : null),
            Selection = selection,
            EvaluateEvery = selection?.EvaluateEvery ?? 1,
            MinWorkers = random.Between(1, Math.Min(workers, 3)),
            CheckpointEvery = random.Below(2) == 0 ? random.Between(1, 3) : null,
            Recovery = new() { FirstDeadline = TimeSpan.FromSeconds(random.Between(1, 10)) },
        };
        var cluster = new ClusterModel
        {
            Workers = workers,
            RowsPerSecond = Math.Pow(10, 3 + (1.5 * random.Uniform())),
            RelativeSpeeds = [.. Enumerable.Range(0, workers).Select(_ => 0.5 + random.Uniform())],
            Noise = 0.3 * random.Uniform(),
            ShardOverhead = TimeSpan.FromMicroseconds(random.Below(500)),
            Bandwidth = Math.Pow(10, 7 + (2 * random.Uniform())),
            Latency = TimeSpan.FromMicroseconds(random.Between(20, 2000)),
            Jitter = random.Time(TimeSpan.FromMilliseconds(5)),
            WeightBytes = 100_000,
            GradientBytes = 100_000,
            AddTime = TimeSpan.FromMicroseconds(20),
            OptimizerTime = random.Time(TimeSpan.FromMilliseconds(2)),
            FailureDetection = TimeSpan.FromSeconds(2),
        };
        string name = $"Scenario.FromSeed({seed}, {string.Join(", ", kinds.ToArray().Select(kind => $"SimulatedFaultKind.{kind}"))})";
        ImmutableArray<Fault> faults = Schedule(random, settings, cluster, kinds);
        return new() { Name = name, Seed = (ulong)seed, Settings = settings, Cluster = cluster, Faults = faults };
    }

    // From a generator of its own: the scenarios of the other seeds stay as they are.
    private static ModelSelection? SelectionFrom(int seed)
    {
        var random = new SplitMix(SplitMix.Mix((ulong)seed ^ 0x5E1EC7));
        return random.Below(3) > 0 ? null : new()
        {
            KeepBest = random.Below(4) > 0,
            Patience = random.Below(3) > 0 ? random.Between(1, 2) : null,
            EvaluateEvery = 1,
        };
    }

    /// <summary>This scenario without faults.</summary>
    public Scenario Undisturbed => this with { Faults = [] };

    // Faults fall into twice the time of the undisturbed run, since they make it longer.
    private static ImmutableArray<Fault> Schedule(
        SplitMix random, RunSettings settings, ClusterModel cluster, ReadOnlySpan<SimulatedFaultKind> kinds)
    {
        TimeSpan compute = TimeSpan.FromSeconds(settings.Trees.Minibatch.Rows / cluster.RowsPerSecond / cluster.Workers);
        TimeSpan span = 2 * (settings.TotalSteps * compute) + TimeSpan.FromMilliseconds(100);
        var faults = new List<Fault>();
        var once = new HashSet<SimulatedFaultKind>();
        for (int left = random.Between(1, 8); left > 0; left--)
        {
            SimulatedFaultKind kind = kinds[random.Below(kinds.Length)];
            // The user stops once, and errors of one worker must not look like a fault of the run itself.
            if (kind is SimulatedFaultKind.Stop or SimulatedFaultKind.Error && !once.Add(kind))
            {
                continue;
            }

            TimeSpan duration = random.Below(3) == 0 ? random.Time(TimeSpan.FromSeconds(4)) : random.Time(compute * 4);
            int amount = kind switch
            {
                // Three errors of the only remaining worker would rightly end the run.
                SimulatedFaultKind.Error => random.Between(1, cluster.Workers > 1 && kinds.Length == 1 ? 4 : 2),
                SimulatedFaultKind.Slow => random.Between(2, 20),
                _ => random.Between(1, 4),
            };
            faults.Add(new(random.Time(span), kind, random.Below(cluster.Workers), duration, amount));
        }

        return [.. faults.OrderBy(fault => fault.At)];
    }
}
