using System.IO.Hashing;
using System.Runtime.InteropServices;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.BitProbe;

/// <summary>The bits of three steps of plain gradient descent through every kind of layer and both losses.</summary>
internal static class NetworkBits
{
    private const int Rows = 41;

    public static string Compute(IBlas blas)
    {
        XxHash3 hash = new();
        foreach (LossKind loss in Enum.GetValues<LossKind>())
        {
            Descend(loss, blas, hash);
        }

        return Convert.ToHexString(hash.GetCurrentHash());
    }

    private static void Descend(LossKind loss, IBlas blas, XxHash3 hash)
    {
        ModelSpec spec = new()
        {
            Inputs = 77,
            Outputs = 10,
            Loss = loss,
            InputDropout = 0.2f,
            InputNoise = 0.1f,
            Hidden =
            [
                .. Enum.GetValues<ActivationKind>().Select(kind => new HiddenLayer { Units = 45, Activation = kind, BatchNorm = true, Dropout = 0.3f }),
                .. Enum.GetValues<ActivationKind>().Select(kind => new HiddenLayer { Units = 22, Activation = kind }),
            ],
        };
        using IModel network = spec.CreateModel(blas, Rows);
        float[] state = new float[network.Layout.StateLength];
        ParameterInitializer.Initialize(network.Layout, 9, state);
        float[] features = new float[Rows * spec.Inputs];
        new CounterRandom(9, RandomStream.SyntheticData).FillUniform(features);
        int[] labels = [.. Enumerable.Range(0, Rows).Select(row => row % spec.Outputs)];
        float[] gradient = new float[network.Layout.GradientLength];
        float[] metrics = new float[network.Layout.EvaluationLength];
        for (int step = 0; step < 3; step++)
        {
            ShardRows rows = new() { Count = Rows, Features = features, Labels = labels, Seed = 9, Step = step };
            network.Load(state);
            network.ComputeGradient(rows, state, gradient, accumulate: step > 0);
            network.Evaluate(rows, state, metrics, accumulate: step > 0);
            for (int i = 0; i < network.Layout.LearnedLength; i++)
            {
                float change = 0.001f * gradient[i];
                state[i] -= change;
            }

            if (!float.IsFinite(gradient.Sum()))
            {
                throw new InvalidOperationException("Numbers that are not finite say nothing about rounding.");
            }

            hash.Append(MemoryMarshal.AsBytes<float>(gradient));
            hash.Append(MemoryMarshal.AsBytes<float>(metrics));
        }

        hash.Append(MemoryMarshal.AsBytes<float>(state));
    }
}
