using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>Parameters of a prediction.</summary>
internal sealed record PredictionRequest
{
    /// <summary>The cluster.</summary>
    public required ClusterModel Cluster { get; init; }

    /// <summary>Reduction tree of a minibatch.</summary>
    public required ReductionTree Minibatch { get; init; }

    /// <summary>Steps to simulate.</summary>
    public required int Steps { get; init; }

    /// <summary>Seed of noise, jitter and the times of faults.</summary>
    public ulong Seed { get; init; }

    /// <summary>Mean time between the faults of one worker; null: none.</summary>
    public TimeSpan? MeanTimeBetweenFaults { get; init; }

    /// <summary>Kind of the faults.</summary>
    public SimulatedFaultKind Fault { get; init; } = SimulatedFaultKind.Kill;

    /// <summary>Duration of a fault.</summary>
    public TimeSpan RepairTime { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Cost of faults.</summary>
/// <param name="PerFault">Mean time that one fault adds to the run.</param>
/// <param name="FaultsPerHour">Faults of all workers together.</param>
/// <param name="Availability">Share of the time that is not lost to faults, 0 to 1.</param>
/// <param name="ReassignedShards">Shards reassigned per fault.</param>
internal sealed record FaultCost(TimeSpan PerFault, double FaultsPerHour, double Availability, double ReassignedShards);

/// <summary>Step time, speed and scaling of a cluster, by simulating the run's own state machine on a virtual clock.</summary>
/// <param name="StepTime">Mean time of a step, without faults.</param>
/// <param name="ImagesPerSecond">Speed in rows/s, faults included.</param>
/// <param name="Efficiency">Speed relative to the sum of the workers' speeds without a network.</param>
/// <param name="NetworkTime">W·(weights + gradients)/bandwidth: time of a step's bytes through the coordinator's network interface.</param>
/// <param name="FormulaTime">Step time by <see cref="Formula"/>.</param>
/// <param name="Faults">Cost of faults; null if none were requested.</param>
internal sealed record ClusterPrediction(
    TimeSpan StepTime, double ImagesPerSecond, double Efficiency, TimeSpan NetworkTime, TimeSpan FormulaTime, FaultCost? Faults)
{
    private const int FaultsSimulated = 8;

    /// <summary>Simulates the run, with and without faults.</summary>
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
    /// Step time of the star in closed form, for W equal workers with one subtree each. The coordinator sends the model state
    /// (w bytes) W times; the last worker that receives it computes its shards and returns its gradient (g bytes); all sums are
    /// added and the step is taken: W·w/b + B/(W·r) + S/W·overhead + g/b + 2·latency + W·add + optimizer. If receiving takes longer
    /// than sending, the first transfers are w/b + computation + W·g/b.
    /// </summary>
    public static TimeSpan Formula(PredictionRequest request)
    {
        ClusterModel cluster = request.Cluster;
        int workers = Math.Min(cluster.Workers, request.Minibatch.Shards);
        TimeSpan weights = cluster.TransferTime(cluster.WeightBytes);
        TimeSpan gradient = cluster.TransferTime(cluster.GradientBytes);
        double shards = Math.Ceiling((double)request.Minibatch.Shards / workers);
        TimeSpan shard = request.Minibatch.Rows / cluster.RowsPerSecond / request.Minibatch.Shards * TimeSpan.FromSeconds(1);
        TimeSpan compute = shards * (shard + cluster.ShardOverhead);
        TimeSpan wires = weights > gradient ? (workers * weights) + gradient : weights + (workers * gradient);
        return wires + compute + (2 * cluster.Latency) + (workers * cluster.AddTime) + cluster.OptimizerTime;
    }

    /// <summary>Step time of one worker without a network.</summary>
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
    /// Simulates faults one after the other: detection, recovery and the worker's return in full, the repair shortened. The rest of
    /// the repair time costs as much as running with one worker less.
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
        TimeSpan restOfRepair = (request.RepairTime - simulated) * (1 - Math.Min(1, without));
        TimeSpan lost = ((faulty.Elapsed - clean.Elapsed) / FaultsSimulated) + restOfRepair;
        lost = Max(lost, TimeSpan.Zero);
        double rate = cluster.Workers / mean.TotalSeconds;
        return new(lost, rate * 3600, 1 / (1 + (rate * lost.TotalSeconds)), (double)faulty.Final.ReassignedShards / FaultsSimulated);
    }

    private static Scenario ScenarioOf(
        PredictionRequest request, ClusterModel cluster, int steps, int minWorkers, ReadOnlySpan<Fault> faults) =>
        new()
        {
            Name = $"prediction of {cluster.Workers} workers",
            Seed = request.Seed,
            Settings = new()
            {
                TotalSteps = steps,
                EpochEnds = [steps],
                Trees = new(request.Minibatch, new(1, 1)),
                MinWorkers = minWorkers,
            },
            Cluster = cluster,
            Faults = [.. faults],
        };

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
