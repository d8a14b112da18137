using NnCluster.Memory;
using NnCluster.Optimization;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

/// <summary>The formulas on one weight tensor, one element at a time, in the documented order of operations of the transforms.</summary>
internal sealed class PlainOptimizer(OptimizerSpec spec, float[] start)
{
    private const float Grid = 1e-30f;

    private readonly float[] _first = new float[start.Length];
    private readonly float[] _second = new float[start.Length];

    public float[] Parameters { get; } = (float[])start.Clone();

    public void Step(StepScalars scalars, float[] meanGradient)
    {
        float[] gradient = [.. meanGradient.Zip(Parameters, Penalised)];
        double norm = Math.Sqrt(SumOfSquares(gradient));
        float clip = spec.ClipNorm is double limit ? (float)Math.Min(1, limit / (norm + 1e-6)) : 1;
        for (int i = 0; i < gradient.Length; i++)
        {
            float update = Direction(i, gradient[i] * clip, scalars);
            if (spec.Kind == OptimizerKind.AdamW)
            {
                update += Parameters[i] * (float)spec.WeightDecay!.Value;
            }

            Parameters[i] += update * (float)-scalars.LearningRate;
        }
    }

    private float Penalised(float gradient, float weight) =>
        gradient + ((Math.Sign(weight) * (float)spec.L1) + (weight * (float)spec.L2));

    private static double SumOfSquares(float[] values)
    {
        double[] partial = new double[16];
        for (int i = 0; i < values.Length; i++)
        {
            partial[i % 16] += (double)values[i] * values[i];
        }

        return partial.Aggregate(0.0, (sum, value) => sum + value);
    }

    private float Direction(int i, float g, StepScalars scalars)
    {
        float epsilon = (float)(spec.Epsilon ?? 0);
        switch (spec.Kind)
        {
            case OptimizerKind.Adam or OptimizerKind.AdamW:
                _first[i] = Quantised((_first[i] * (float)spec.Beta1!) + (g * (float)(1 - spec.Beta1!)));
                _second[i] = Quantised((_second[i] * (float)spec.Beta2!) + (g * (float)(1 - spec.Beta2!) * g));
                float scaleRootV = (float)(1 / Math.Sqrt(scalars.BiasCorrection2));
                return _first[i] * (float)(1 / scalars.BiasCorrection1) / ((MathF.Sqrt(_second[i]) * scaleRootV) + epsilon);
            case OptimizerKind.Momentum:
                _first[i] = Quantised((_first[i] * (float)spec.Momentum!) + g);
                return _first[i];
            case OptimizerKind.Nesterov:
                _first[i] = Quantised((_first[i] * (float)spec.Momentum!) + g);
                return g + (_first[i] * (float)spec.Momentum!);
            case OptimizerKind.RmsProp:
                _first[i] = Quantised((_first[i] * (float)spec.Rho!) + (g * (float)(1 - spec.Rho!) * g));
                return g / (MathF.Sqrt(_first[i]) + epsilon);
            case OptimizerKind.AdaGrad:
                _first[i] += g * g;
                return g / (MathF.Sqrt(_first[i]) + epsilon);
            default:
                return g;
        }
    }

    private static float Quantised(float moment) => moment + Grid - Grid;
}
