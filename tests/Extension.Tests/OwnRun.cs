using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Training;

namespace NnCluster.Extension.Tests;

/// <summary>
/// A run on 96 rows of 12 pixels whose class is the brightest third: shard computers compute, a
/// <see cref="TrainingState"/> takes the steps. The specification reaches the computers as JSON.
/// </summary>
internal sealed class OwnRun : IDisposable
{
    private const int Shards = 8;

    private readonly BufferPool _gradients;
    private readonly BufferPool _evaluations;
    private readonly BufferPool _states;
    private readonly ThreadTeam _team = new(1);
    private readonly ShardComputer[] _computers;
    private readonly TrainingState _training;

    /// <summary>Prepares the run for a number of participants.</summary>
    public OwnRun(ModelSpec model, int participants = 1)
    {
        IBlas blas = Blas.Create("simd");
        Data = CreateData();
        Spec = new()
        {
            Dataset = "brightest",
            DatasetSha256 = Data.Sha256,
            Model = model,
            Optimizer = new OptimizerSpec { LearningRate = 0.02, L2 = 1e-4, MaxNorm = 3 }.Resolve(),
            Epochs = 1000,
            BatchSize = 48,
            Shards = Shards,
            Seed = 5,
            Arithmetic = blas.Arithmetic,
        };
        Received = RunSpecJson.Parse(Spec.ToJson(), "assignment");
        Layout = ParameterLayout.For(Spec.Model);
        _gradients = new(Layout.GradientLength);
        _evaluations = new(Layout.EvaluationLength);
        _states = new(Layout.StateLength);
        _computers = [.. Enumerable.Range(0, participants).Select(_ => new ShardComputer(Received, Data, blas, _gradients, _evaluations))];
        RefCountedBuffer initial = _states.Rent();
        ParameterInitializer.Initialize(Layout, Spec.Seed, initial.Span);
        var optimizer = Optimizer.For(Spec.Optimizer, Layout, totalSteps: 1000);
        _training = new(Layout, Spec.MinibatchTree, optimizer, _states, _team, initial);
    }

    public Dataset Data { get; }

    public RunSpec Spec { get; }

    /// <summary>The specification after its way through JSON.</summary>
    public RunSpec Received { get; }

    public ParameterLayout Layout { get; }

    /// <summary>Model state after the last step.</summary>
    public AlignedBuffer State => _training.ModelState.Memory;

    /// <summary>Takes steps and returns their reports.</summary>
    public StepReport[] Train(int steps) => [.. Enumerable.Range(0, steps).Select(_ => Step())];

    public void Dispose()
    {
        _training.Dispose();
        foreach (ShardComputer computer in _computers)
        {
            computer.Dispose();
        }

        _team.Dispose();
        _gradients.Dispose();
        _evaluations.Dispose();
        _states.Dispose();
    }

    private StepReport Step()
    {
        var sums = new SubtreeSums(Shards);
        for (int i = 0; i < _computers.Length; i++)
        {
            int first = i * Shards / _computers.Length;
            int end = (i + 1) * Shards / _computers.Length;
            _computers[i].Compute(
                new ComputeShards(new(_training.Step, RoundKind.Gradient), new(first, end - first), _training.ModelState), sums.Put);
        }

        StepReport report = _training.TakeStep(sums);
        sums.Clear();
        return report;
    }

    private static int BrightestThird(byte[] row) =>
        Enumerable.Range(0, 3).MaxBy(third => row.Skip(third * 4).Take(4).Sum(pixel => pixel));

    private static Dataset CreateData()
    {
        var random = new Random(1);
        byte[] pixels = new byte[120 * 12];
        random.NextBytes(pixels);
        int[] labels = [.. pixels.Chunk(12).Select(BrightestThird)];
        DataSplit all = DataSplit.Classification(FeatureMatrix.FromBytes(pixels, 12), labels);
        return new("brightest", all.Slice(0, 96), all.Slice(96, 24), classes: 3);
    }
}
