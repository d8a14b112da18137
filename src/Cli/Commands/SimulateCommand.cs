using System.CommandLine;
using System.Text.Json.Nodes;
using NnCluster.Cli.Options;
using NnCluster.Model;
using NnCluster.Simulation;
using NnCluster.Training;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Commands;

/// <summary><c>nncluster simulate</c>.</summary>
internal sealed class SimulateCommand
{
    // FLOP/s of one worker in training, as measured for docs/scaling.md.
    private const double DefaultFlops = 90e9;

    // Memory bandwidth of one core, in bytes/s: it bounds the addition of sums and the write of a shard's gradient.
    private const double MemoryBandwidth = 10e9;

    // Adam reads parameters, gradient and two moments, and writes three of them back.
    private const int OptimizerPasses = 7;

    private readonly Option<int?> _workers = CliOption.Whole("--workers", "Nodes, each a machine with one worker. [8]", 1, 1024);
    private readonly Option<double?> _bandwidth = Quantity.Rate(
        "--bandwidth", "Bandwidth of each machine's network interface, each way. [10Gbps]");
    private readonly Option<TimeSpan?> _latency = Quantity.Duration(
        "--latency", "Latency between a worker and the coordinator, one way. [100us]");
    private readonly Option<TimeSpan?> _jitter = Quantity.Duration("--jitter", "Largest additional latency of a message. [0us]");
    private readonly Option<double?> _noise = CliOption.Number(
        "--noise",
        "SHARE",
        "Largest relative deviation of a computation's time. [0]",
        v => v is >= 0 and < 1,
        "a number from 0 to below 1");
    private readonly Option<double?> _rows = CliOption.Number(
        "--rows-per-second",
        "N",
        "Rows that one worker trains in a second. [90 GFLOP/s over the network's operations a row]",
        v => v > 0,
        "a number above 0");
    private readonly Option<int[]?> _hidden = new TrainOptions().Hidden;
    private readonly Option<int?> _inputs = CliOption.Whole("--inputs", "Features of a row. [784]", 1);
    private readonly Option<int?> _outputs = CliOption.Whole("--outputs", "Outputs of the network. [10]", 1);
    private readonly Option<int?> _parameters = CliOption.Whole(
        "--parameters", "Parameters of the network, instead of its layers. [those of the layers]", 1);
    private readonly Option<int?> _batchSize = CliOption.Whole("--batch-size", "Rows of a minibatch. [2048]", 1);
    private readonly Option<int?> _shards = CliOption.Whole(
        "--shards", "Shards of a minibatch, a power of two. [up to 16, of at least 64 rows]", 1);
    private readonly Option<int?> _steps = CliOption.Whole("--steps", "Steps to simulate. [200]", 1, 1_000_000);
    private readonly Option<ulong?> _seed = CliOption.Seed("--seed", "Seed of noise, jitter and the times of faults. [1]");
    private readonly Option<TimeSpan?> _mtbf = Quantity.PositiveDuration("--mtbf", "Mean time between the faults of one worker. [none]");
    private readonly Option<SimulatedFaultKind?> _fault = CliOption.Parsed<SimulatedFaultKind?>(
        "--fault",
        "kill|pause|slow|partition",
        "Kind of the faults; slow is ten times slower. [kill]",
        ParseFault,
        "kill, pause, slow or partition");
    private readonly Option<TimeSpan?> _repair = Quantity.Duration("--repair-time", "Duration of a fault. [30s]");
    private readonly Option<bool> _json = CliOption.Flag("--json", "Print the result as one JSON object.");

    /// <summary>The command.</summary>
    public static Command Create() => new SimulateCommand().Build();

    private Command Build()
    {
        var command = new Command(
            "simulate", "Predicts step time, scaling and the cost of faults with the run's own state machine on a virtual clock.")
        {
            _workers, _bandwidth, _latency, _jitter, _noise, _rows, _hidden, _inputs, _outputs, _parameters,
            _batchSize, _shards, _steps, _seed, _mtbf, _fault, _repair, _json,
        };
        command.SetAction(Run);
        return command;
    }

    private int Run(ParseResult given)
    {
        (long parameters, double flops) = SizeOf(given);
        PredictionRequest request = Request(given, parameters, flops);
        var prediction = ClusterPrediction.Of(request);
        if (given.GetValue(_json))
        {
            Console.Out.WriteLine(Json(request, parameters, prediction).ToJsonString());
        }
        else
        {
            Show(request, parameters, prediction);
        }

        return ExitCode.Done;
    }

    private PredictionRequest Request(ParseResult given, long parameters, double flops)
    {
        int batch = given.GetValue(_batchSize) ?? 2048;
        var pass = TimeSpan.FromSeconds(parameters * sizeof(float) / MemoryBandwidth);
        return new()
        {
            Cluster = new()
            {
                Workers = given.GetValue(_workers) ?? 8,
                RowsPerSecond = given.GetValue(_rows) ?? DefaultFlops / flops,
                Noise = given.GetValue(_noise) ?? 0,
                ShardOverhead = 2 * pass,
                Bandwidth = given.GetValue(_bandwidth) ?? 1.25e9,
                Latency = given.GetValue(_latency) ?? TimeSpan.FromMicroseconds(100),
                Jitter = given.GetValue(_jitter) ?? TimeSpan.Zero,
                WeightBytes = parameters * sizeof(float),
                GradientBytes = parameters * sizeof(float),
                AddTime = pass,
                OptimizerTime = OptimizerPasses * pass,
            },
            Minibatch = new(given.GetValue(_shards) ?? ReductionTree.DefaultShards(batch), batch),
            Steps = given.GetValue(_steps) ?? 200,
            Seed = given.GetValue(_seed) ?? 1,
            MeanTimeBetweenFaults = given.GetValue(_mtbf),
            Fault = given.GetValue(_fault) ?? SimulatedFaultKind.Kill,
            RepairTime = given.GetValue(_repair) ?? TimeSpan.FromSeconds(30),
        };
    }

    /// <summary>
    /// Parameters, and operations a row: 4 a weight for forward pass and weight gradient, and 2 more for the input gradient of
    /// all layers but the first.
    /// </summary>
    private (long Parameters, double Flops) SizeOf(ParseResult given)
    {
        if (given.GetValue(_parameters) is { } parameters)
        {
            return given.GetResult(_hidden) is null && given.GetResult(_inputs) is null && given.GetResult(_outputs) is null
                ? (parameters, 6.0 * parameters)
                : throw new BadInputException("--parameters replaces --inputs, --hidden and --outputs: give one or the other.");
        }

        int[] hidden = given.GetResult(_hidden) is null ? [256] : given.GetValue(_hidden)!;
        ModelSizing sizing = ModelSizing.Of(new()
        {
            Inputs = given.GetValue(_inputs) ?? 784,
            Outputs = given.GetValue(_outputs) ?? 10,
            Hidden = [.. hidden.Select(units => new HiddenLayer { Units = units })],
        });
        return (sizing.Parameters, sizing.Layers.Select((layer, i) => (i == 0 ? 4.0 : 6.0) * layer.Weights).Sum());
    }

    private static SimulatedFaultKind? ParseFault(string text) => text switch
    {
        "kill" => SimulatedFaultKind.Kill,
        "pause" => SimulatedFaultKind.Pause,
        "slow" => SimulatedFaultKind.Slow,
        "partition" => SimulatedFaultKind.Partition,
        _ => null,
    };

    private static JsonObject Json(PredictionRequest request, long parameters, ClusterPrediction prediction)
    {
        var result = new JsonObject
        {
            ["workers"] = request.Cluster.Workers,
            ["parameters"] = parameters,
            ["batchSize"] = request.Minibatch.Rows,
            ["shards"] = request.Minibatch.Shards,
            ["rowsPerSecond"] = request.Cluster.RowsPerSecond,
            ["stepSeconds"] = prediction.StepTime.TotalSeconds,
            ["formulaSeconds"] = prediction.FormulaTime.TotalSeconds,
            ["networkSeconds"] = prediction.NetworkTime.TotalSeconds,
            ["imagesPerSecond"] = prediction.ImagesPerSecond,
            ["efficiency"] = prediction.Efficiency,
        };
        if (prediction.Faults is { } faults)
        {
            result["secondsPerFault"] = faults.PerFault.TotalSeconds;
            result["faultsPerHour"] = faults.FaultsPerHour;
            result["availability"] = faults.Availability;
            result["reassignedShardsPerFault"] = faults.ReassignedShards;
        }

        return result;
    }

    private static void Show(PredictionRequest request, long parameters, ClusterPrediction prediction)
    {
        ClusterModel cluster = request.Cluster;
        Line(
            "cluster",
            $"{cluster.Workers} workers of {cluster.RowsPerSecond:N0} rows/s, ",
            $"{cluster.Bandwidth * 8 / 1e9:0.###} Gb/s, {cluster.Latency.TotalMicroseconds:0.#} µs");
        Line("run", $"{parameters:N0} parameters, batch {request.Minibatch.Rows:N0} in {request.Minibatch.Shards} shards");
        if (cluster.Workers > request.Minibatch.Shards)
        {
            int spares = cluster.Workers - request.Minibatch.Shards;
            Line("spares", $"{spares} workers have no shard; --shards {2 * request.Minibatch.Shards} gives them some");
        }

        Line(
            "step",
            $"{prediction.StepTime.TotalMilliseconds:0.00} ms (formula {prediction.FormulaTime.TotalMilliseconds:0.00} ms; ",
            $"the coordinator's network alone {prediction.NetworkTime.TotalMilliseconds:0.00} ms)");
        Line("speed", $"{prediction.ImagesPerSecond:N0} images/s, efficiency {100 * prediction.Efficiency:0.0} %");
        if (prediction.Faults is { } faults)
        {
            Line("a fault costs", $"{faults.PerFault.TotalSeconds:0.000} s and {faults.ReassignedShards:0.0} shards reassigned");
            Line("availability", $"{100 * faults.Availability:0.000} % at {faults.FaultsPerHour:0.##} faults an hour");
        }
    }

    private static void Line(string name, params FormattableString[] parts) =>
        Console.Out.WriteLine($"{name,-15} {string.Concat(parts.Select(FormattableString.Invariant))}");
}
