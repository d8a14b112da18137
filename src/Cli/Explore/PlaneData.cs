using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Optimization;

namespace NnCluster.Cli.Explore;

/// <summary>Two-class problem in the plane, and training of small networks on it, with all training rows as one minibatch.</summary>
internal static class PlaneData
{
    // 20 neurons can overfit the noise of so few points; so many test points give the accuracy within 1 %.
    private const int TrainRows = 120;
    private const int TestRows = 4000;

    private const int Epochs = 8000;
    private const int QuickEpochs = 1500;
    private const double LearningRate = 0.02;

    /// <summary>Generates the points, the same for every network of an experiment.</summary>
    public static Dataset Generate(ExperimentOptions options) =>
        SyntheticData.Generate(options.Shape, TrainRows, options.Noise ?? DefaultNoise(options.Shape), options.Seed, TestRows);

    /// <summary>Trains one hidden layer with Adam.</summary>
    /// <param name="runs">Runs of the experiment.</param>
    /// <param name="data">The points.</param>
    /// <param name="name">Name of the run in tables.</param>
    /// <param name="neurons">Number of hidden neurons.</param>
    /// <param name="seed">Seed of the initial weights.</param>
    /// <param name="l2">λ of the penalty ½λ‖w‖₂².</param>
    /// <param name="activation">Activation function of the hidden neurons.</param>
    public static Task<ExperimentRun> TrainAsync(
        ExperimentRuns runs,
        Dataset data,
        string name,
        int neurons,
        ulong seed,
        double l2 = 0,
        ActivationKind activation = ActivationKind.Tanh)
    {
        var spec = new TrainingSpec
        {
            Hidden = [new() { Units = neurons, Activation = activation }],
            Optimizer = new() { LearningRate = LearningRate, Schedule = ScheduleKind.Cosine, L2 = l2 },
            Epochs = runs.Options.Quick ? QuickEpochs : Epochs,
            BatchSize = data.Train.Rows,
            Shards = 1,
            Seed = seed,
            Shuffle = false,
        };
        return runs.TrainAsync(name, data, spec);
    }

    private static double DefaultNoise(SyntheticShape shape) => shape switch
    {
        SyntheticShape.Circles => 0.25,
        SyntheticShape.Moons => 0.3,
        SyntheticShape.Spirals => 0.08,
        _ => throw new ArgumentOutOfRangeException(nameof(shape), shape, null),
    };
}
