using System.Diagnostics;
using System.Globalization;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Security;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Benchmarks.Steps;

/// <summary>Where the time of one step goes, on one thread and without actors, and what it allocates.</summary>
internal static class StepBenchmark
{
    private const int Repetitions = 200;

    /// <summary>Prints medians in microseconds for one network and batch size.</summary>
    public static int Run(string[] args)
    {
        int batch = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 2048;
        int[] hidden = args.Length > 1 ? [.. args[1].Split(',').Select(part => int.Parse(part, CultureInfo.InvariantCulture))] : [256];
        float inputNoise = args.Length > 2 ? float.Parse(args[2], CultureInfo.InvariantCulture) : 0f;
        Dataset data = Data();
        IBlas blas = Blas.Create("simd");
        var spec = new RunSpec
        {
            Dataset = "random",
            DatasetSha256 = "",
            Model = new() { Inputs = data.Features, Outputs = data.Classes, Hidden = [.. hidden.Select(units => new HiddenLayer { Units = units })], InputNoise = inputNoise },
            Optimizer = new OptimizerSpec().Resolve(),
            Epochs = 100,
            BatchSize = batch,
            Shards = ReductionTree.DefaultShards(batch),
            Arithmetic = blas.Arithmetic,
        };
        var layout = ParameterLayout.For(spec.Model);
        using var gradients = new BufferPool(layout.GradientLength);
        using var evaluations = new BufferPool(layout.EvaluationLength);
        using var parameters = new BufferPool(layout.StateLength);
        RefCountedBuffer state = parameters.Rent();
        ParameterInitializer.Initialize(layout, spec.Seed, state.Span);
        using IModel network = spec.Model.CreateModel(blas, spec.MinibatchTree.MaxShardRows);
        Console.WriteLine($"784-{string.Join('-', hidden)}-10, batch {batch}, {spec.Shards} shards of {spec.MinibatchTree.MaxShardRows} rows; medians of {Repetitions}");
        Time("pack weights (once a step and worker)", () => network.Load(state.Span));

        using var computer = new ShardComputer(spec, data, blas, gradients, evaluations);
        long step = 0;
        foreach (int shards in (int[])[spec.Shards, Math.Max(1, spec.Shards / 2), 1])
        {
            Time($"{shards} shards, packing included", () =>
                computer.Compute(new ComputeShards(new(step++ % 100, RoundKind.Gradient), new(0, shards), state), static (_, sum) => sum.Release()));
        }

        foreach (int threads in (int[])[1, 2])
        {
            using var team = new ThreadTeam(threads);
            var optimizer = Optimizer.For(spec.Optimizer, layout, 100);
            RefCountedBuffer initial = parameters.Rent();
            state.Span.CopyTo(initial.Span);
            using var training = new TrainingState(layout, spec.MinibatchTree, optimizer, parameters, team, initial);
            var sums = new SubtreeSums(spec.Shards);
            int parts = Math.Min(2, spec.Shards);
            for (int part = 0; part < parts; part++)
            {
                RefCountedBuffer sum = gradients.Rent();
                sum.Span.Fill(1e-3f);
                sums.Put(new(parts + part), sum);
            }

            Time($"sum {parts} nodes and take the step, {threads} threads", () => training.TakeStep(sums));
            sums.Clear();
        }

        state.Release();
        return 0;
    }

    private static Dataset Data()
    {
        var random = new Random(1);
        byte[] pixels = new byte[20_000 * 784];
        random.NextBytes(pixels);
        int[] labels = [.. Enumerable.Range(0, 20_000).Select(_ => random.Next(10))];
        DataSplit all = DataSplit.Classification(FeatureMatrix.FromBytes(pixels, 784), labels);
        return new("random", all, all.Slice(0, 1000), classes: 10);
    }

    private static void Time(string what, Action action)
    {
        for (int i = 0; i < Repetitions / 4; i++)
        {
            action();
        }

        double[] times = new double[Repetitions];
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Repetitions; i++)
        {
            long start = Stopwatch.GetTimestamp();
            action();
            times[i] = Stopwatch.GetElapsedTime(start).TotalMicroseconds;
        }

        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Array.Sort(times);
        Console.WriteLine($"{what,-48} {times[Repetitions / 2],9:0.0} µs   fastest {times[0],9:0.0} µs   {allocated / Repetitions} bytes allocated");
    }
}
