using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Testing;

/// <summary>A run that takes milliseconds: 96 rows of 12 pixels, three classes, a network that uses everything.</summary>
internal sealed class SmallRun : IDisposable
{
    public SmallRun(int shards = 8)
    {
        var random = new Random(1);
        byte[] pixels = new byte[120 * 12];
        random.NextBytes(pixels);
        int[] labels = [.. Enumerable.Range(0, 120).Select(_ => random.Next(3))];
        DataSplit all = DataSplit.Classification(FeatureMatrix.FromBytes(pixels, 12), labels);
        Data = new Dataset("small", all.Slice(0, 96), all.Slice(96, 24), classes: 3);
        Spec = new()
        {
            Dataset = "small",
            DatasetSha256 = Data.Sha256,
            Model = new()
            {
                Inputs = 12,
                Outputs = 3,
                Hidden = [new() { Units = 9, BatchNorm = true, Dropout = 0.25f }, new() { Units = 5, Activation = ActivationKind.Prelu }],
                InputDropout = 0.1f,
                InputNoise = 0.1f,
            },
            Optimizer = new OptimizerSpec { L1 = 1e-4, L2 = 1e-3 }.Resolve(),
            Epochs = 2,
            BatchSize = 48,
            Shards = shards,
            Seed = 5,
            Arithmetic = Blas.Arithmetic,
        };
        Layout = ParameterLayout.For(Spec.Model);
        Gradients = new(Layout.GradientLength);
        Evaluations = new(Layout.EvaluationLength);
        Parameters = new(Layout.StateLength);
        State = Parameters.Rent();
        ParameterInitializer.Initialize(Layout, Spec.Seed, State.Span);
    }

    public IBlas Blas { get; } = NnCluster.Numerics.Blas.Create("simd");

    public Dataset Data { get; }

    public RunSpec Spec { get; }

    public ParameterLayout Layout { get; }

    public BufferPool Gradients { get; }

    public BufferPool Evaluations { get; }

    public BufferPool Parameters { get; }

    /// <summary>The initial parameters.</summary>
    public RefCountedBuffer State { get; }

    public WorkerSetup Setup => new(Spec, Data, Blas, Gradients, Evaluations);

    public ShardComputer CreateComputer() => new(Spec, Data, Blas, Gradients, Evaluations);

    public void Dispose()
    {
        State.Release();
        Gradients.Dispose();
        Evaluations.Dispose();
        Parameters.Dispose();
    }
}
