using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>What is to be predicted.</summary>
public sealed record PredictionRequest
{
    /// <summary>The cluster.</summary>
    public required ClusterModel Cluster { get; init; }

    /// <summary>How a minibatch is cut.</summary>
    public required ReductionTree Minibatch { get; init; }

    /// <summary>Steps to simulate.</summary>
    public required int Steps { get; init; }

    /// <summary>Decides noise, jitter and the moments of faults.</summary>
    public ulong Seed { get; init; }

    /// <summary>Mean time between the faults of one worker; null: none.</summary>
    public TimeSpan? MeanTimeBetweenFaults { get; init; }

    /// <summary>What goes wrong.</summary>
    public FaultKind Fault { get; init; } = FaultKind.Kill;

    /// <summary>How long it lasts.</summary>
    public TimeSpan RepairTime { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>What faults cost.</summary>
/// <param name="PerFault">Mean time by which one fault lengthens the run.</param>
/// <param name="FaultsPerHour">Faults of all workers.</param>
/// <param name="Availability">The share of time that is not lost to faults.</param>
/// <param name="ReassignedShards">Shards given out again, a fault.</param>
public sealed record FaultCost(TimeSpan PerFault, double FaultsPerHour, double Availability, double ReassignedShards);

/// <summary>Step time, speed and scaling of a cluster, from the run's own state machine on the virtual clock.</summary>
/// <param name="StepTime">Mean time of a step, faults left out.</param>
/// <param name="ImagesPerSecond">Rows a second, faults included.</param>
/// <param name="Efficiency">Speed over the workers' speeds without a network, added up.</param>
/// <param name="NetworkTime">W·(weights + gradients)/bandwidth: what the coordinator's interface carries in a step.</param>
/// <param name="FormulaTime">The step time by <see cref="Formula"/>.</param>
/// <param name="Faults">The cost of faults, where some were asked for.</param>
public sealed record ClusterPrediction(TimeSpan StepTime, double ImagesPerSecond, double Efficiency, TimeSpan NetworkTime, TimeSpan FormulaTime, FaultCost? Faults)
{
    private const int FaultsSimulated = 8;

    /// <summary>Simulates the run, and the run with faults if there are any.</summary>
    public static ClusterPrediction Of(PredictionRequest request)
    {
        ClusterModel cluster = request.Cluster;
        TimeSpan step = StepTimeOf(request, cluster);
        FaultCost? faults = request.MeanTimeBetweenFaults is { } mean ? CostOfFaults(request, step, mean) : null;
        double speed = request.Minibatch.Rows / step.TotalSeconds;
        return new(
            step,
            speed * (faults?.Availability ?? 1),
            Alone(request) / (cluster.Workers * step),
            cluster.TransferTime(cluster.Workers * (cluster.WeightBytes + cluster.GradientBytes)),
            Formula(request),
            faults);
    }

    /// <summary>
    /// The star's step time in closed form, for equal workers that each hold one subtree: the coordinator sends the weights
    /// W times, the last worker that has them computes its share, its gradient comes back, all are added, and the step
    /// is taken: W·w/b + B/(W·r) + L/W·overhead + g/b + 2·latency + W·add + optimizer. Or, where the interface is busy
    /// longer with what comes in, the first gradient and W − 1 more: w/b + computation + W·g/b.
    /// </summary>
    public static TimeSpan Formula(PredictionRequest request)
    {
        ClusterModel cluster = request.Cluster;
        int workers = Math.Min(cluster.Workers, request.Minibatch.Shards);
        TimeSpan weights = cluster.TransferTime(cluster.WeightBytes);
        TimeSpan gradient = cluster.TransferTime(cluster.GradientBytes);
        double shards = Math.Ceiling((double)request.Minibatch.Shards / workers);
        TimeSpan compute = shards * ((request.Minibatch.Rows / cluster.RowsPerSecond / request.Minibatch.Shards * TimeSpan.FromSeconds(1)) + cluster.ShardOverhead);
        TimeSpan wires = weights > gradient ? (workers * weights) + gradient : weights + (workers * gradient);
        return wires + compute + (2 * cluster.Latency) + (workers * cluster.AddTime) + cluster.OptimizerTime;
    }

    /// <summary>A step of one worker that needs no network.</summary>
    private static TimeSpan Alone(PredictionRequest request) => Formula(request with
    {
        Cluster = request.Cluster with { Workers = 1, WeightBytes = 0, GradientBytes = 0, Latency = TimeSpan.Zero },
    });

    private static TimeSpan StepTimeOf(PredictionRequest request, ClusterModel cluster)
    {
        SimulationResult result = SimulatedRun.RunOnce(ScenarioOf(request, cluster, request.Steps, cluster.Workers, []));
        return result.TrainTime / request.Steps;
    }

    /// <summary>
    /// Faults are simulated one after the other, each for as long as its detection, the recovery and the return of the
    /// worker take in full but with the repair cut short; the rest of the repair costs what one worker less costs.
    /// </summary>
    private static FaultCost CostOfFaults(PredictionRequest request, TimeSpan step, TimeSpan mean)
    {
        ClusterModel cluster = request.Cluster;
        TimeSpan simulated = Min(request.RepairTime, Max(50 * step, TimeSpan.FromSeconds(1)));
        TimeSpan spacing = simulated + cluster.ReconnectInterval + (30 * step);
        var random = new SplitMix(request.Seed);
        Fault[] faults = [.. Enumerable.Range(0, FaultsSimulated).Select(i =>
            new Fault(((i + 0.25) * spacing) + random.Time(step), request.Fault, random.Below(cluster.Workers), simulated, 10))];
        int steps = (int)(FaultsSimulated * spacing / step) + 30;
        SimulationResult clean = SimulatedRun.RunOnce(ScenarioOf(request, cluster, steps, 1, []));
        SimulationResult faulty = SimulatedRun.RunOnce(ScenarioOf(request, cluster, steps, 1, faults));
        double without = cluster.Workers == 1 ? 0 : step / StepTimeOf(request, cluster with { Workers = cluster.Workers - 1 });
        TimeSpan lost = ((faulty.Elapsed - clean.Elapsed) / FaultsSimulated) + ((request.RepairTime - simulated) * (1 - Math.Min(1, without)));
        lost = Max(lost, TimeSpan.Zero);
        double rate = cluster.Workers / mean.TotalSeconds;
        return new(lost, rate * 3600, 1 / (1 + (rate * lost.TotalSeconds)), (double)faulty.Final.ReassignedShards / FaultsSimulated);
    }

    private static Scenario ScenarioOf(PredictionRequest request, ClusterModel cluster, int steps, int minWorkers, ReadOnlySpan<Fault> faults) => new()
    {
        Name = $"prediction of {cluster.Workers} workers",
        Seed = request.Seed,
        Settings = new() { TotalSteps = steps, EpochEnds = [steps], Minibatch = request.Minibatch, Test = new(1, 1), MinWorkers = minWorkers },
        Cluster = cluster,
        Faults = [.. faults],
    };

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
