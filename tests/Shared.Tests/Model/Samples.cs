using CsCheck;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

/// <summary>Random rows and parameters, the same for the same seed.</summary>
internal sealed class Samples
{
    private readonly int _inputs;

    public Samples(ModelSpec spec, int count, int seed)
    {
        Random random = new(seed);
        _inputs = spec.Inputs;
        Count = count;
        Features = Normals(random, count * spec.Inputs);
        Labels = [.. Enumerable.Range(0, count).Select(_ => random.Next(spec.Outputs))];
        Targets = Normals(random, count * spec.Outputs);
        Layout = ParameterLayout.For(spec);
        State = new float[Layout.StateLength];
        foreach (ParameterView view in Layout.Tensors)
        {
            float[] values = Normals(random, view.Length);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = view.Kind switch
                {
                    ParameterKind.Weight => values[i] / MathF.Sqrt(view.Shape[1]),
                    ParameterKind.RunningVariance => 0.5f + MathF.Abs(values[i]),
                    ParameterKind.Scale => 1f + (0.3f * values[i]),
                    _ => 0.3f * values[i],
                };
            }

            values.CopyTo(view.Of(State.AsSpan()));
        }

        Regression = spec.Loss == LossKind.MeanSquaredError;
    }

    public int Count { get; }

    public float[] Features { get; }

    public int[] Labels { get; }

    public float[] Targets { get; }

    public bool Regression { get; init; }

    public ParameterLayout Layout { get; }

    public float[] State { get; }

    /// <summary>Some of the rows as a shard of step 5.</summary>
    public ShardRows Shard(int first, int count) => new()
    {
        Count = count,
        Features = Features.AsSpan(first * _inputs, count * _inputs),
        Labels = Regression ? [] : Labels.AsSpan(first, count),
        Targets = Regression ? Targets.AsSpan(first * (Targets.Length / Count), count * (Targets.Length / Count)) : [],
        Seed = 42,
        Step = 5,
        FirstRow = first,
    };

    /// <summary>All rows.</summary>
    public ShardRows All() => Shard(0, Count);

    /// <summary>The gradient buffer of some rows.</summary>
    public float[] Gradient(Network network, int first, int count)
    {
        float[] gradient = new float[Layout.GradientLength];
        gradient.AsSpan().Fill(float.NaN);
        network.Load(State);
        network.ComputeGradient(Shard(first, count), State, gradient, accumulate: false);
        return gradient;
    }

    /// <summary>Random networks of every kind of layer and loss.</summary>
    public static Gen<ModelSpec> Specs { get; } =
        from inputs in Gen.Int[1, 11]
        from outputs in Gen.Int[1, 6]
        from hidden in Layers.Array[0, 3]
        from inputDropout in Gen.Bool.Select(drops => drops ? 0.3f : 0f)
        from inputNoise in Gen.Bool.Select(adds => adds ? 0.2f : 0f)
        from loss in Gen.Enum<LossKind>()
        from clip in Gen.Bool.Select(clips => clips ? 0.2f : (float?)null)
        from weights in Gen.Float[0.2f, 3f].Array[outputs]
        from isWeighted in Gen.Bool
        select new ModelSpec
        {
            Inputs = inputs,
            Outputs = outputs,
            Hidden = [.. hidden],
            InputDropout = inputDropout,
            InputNoise = inputNoise,
            Loss = loss,
            ClipProbability = loss == LossKind.CrossEntropy ? clip : null,
            ClassWeights = isWeighted ? [.. weights] : null,
        };

    private static Gen<HiddenLayer> Layers =>
        from units in Gen.Int[1, 20]
        from activation in Gen.Enum<ActivationKind>()
        from batchNorm in Gen.Bool
        from dropout in Gen.Bool.Select(drops => drops ? 0.4f : 0f)
        select new HiddenLayer { Units = units, Activation = activation, BatchNorm = batchNorm, Dropout = dropout };

    private static float[] Normals(Random random, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (float)Normal(random))];

    private static double Normal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
