using System.Diagnostics;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>
/// Draws initial parameters. Every tensor has a random stream of its own, so its values depend on the seed, its index in
/// the checkpoint's order and its shape only.
/// </summary>
public static class ParameterInitializer
{
    /// <summary>
    /// Writes weights and biases as the specification's initializer says, batch norm's scale 1, shift 0, running mean 0 and
    /// running variance 1, PReLU's initial slope, and zeros between the tensors.
    /// </summary>
    /// <param name="spec">The model.</param>
    /// <param name="layout">Its layout.</param>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="state">At least <see cref="ParameterLayout.StateLength"/> floats.</param>
    public static void Initialize(ModelSpec spec, ParameterLayout layout, ulong seed, Span<float> state)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentOutOfRangeException.ThrowIfLessThan(state.Length, layout.StateLength);
        state[..layout.StateLength].Clear();
        for (int index = 0; index < layout.Tensors.Length; index++)
        {
            ParameterView view = layout.Tensors[index];
            Span<float> values = view.Of(state);
            CounterRandom stream = new(seed, RandomStream.Initialization, (uint)index);
            switch (view.Kind)
            {
                case ParameterKind.Weight:
                    DrawWeights(spec.Initializer, stream, view.Shape[1], view.Shape[0], values);
                    break;
                case ParameterKind.Bias:
                    DrawBiases(spec.Initializer, stream, values);
                    break;
                case ParameterKind.Slope:
                    values.Fill(spec.Hidden[view.Layer].Slope ?? PreluLayer.InitialSlope);
                    break;
                case ParameterKind.Scale or ParameterKind.RunningVariance:
                    values.Fill(1f);
                    break;
                case ParameterKind.Shift or ParameterKind.RunningMean:
                    break;
                default:
                    throw new UnreachableException($"Unknown kind {view.Kind}.");
            }
        }
    }

    private static void DrawWeights(Initializer initializer, CounterRandom stream, int inputs, int outputs, Span<float> weights)
    {
        switch (initializer.Kind)
        {
            case InitializerKind.He:
                NormalSampler.Fill(stream, weights, standardDeviation: Math.Sqrt(2.0 / inputs));
                break;
            case InitializerKind.Xavier:
                DrawUniform(stream, Math.Sqrt(6.0 / ((double)inputs + outputs)), weights);
                break;
            case InitializerKind.Normal:
                NormalSampler.Fill(stream, weights, standardDeviation: initializer.Scale);
                break;
            case InitializerKind.Uniform:
                DrawUniform(stream, initializer.Scale, weights);
                break;
            default:
                throw new UnreachableException($"Unknown initializer {initializer.Kind}.");
        }
    }

    private static void DrawBiases(Initializer initializer, CounterRandom stream, Span<float> biases)
    {
        if (initializer.Kind == InitializerKind.Normal)
        {
            NormalSampler.Fill(stream, biases, standardDeviation: initializer.Scale);
        }
        else if (initializer.Kind == InitializerKind.Uniform)
        {
            DrawUniform(stream, initializer.Scale, biases);
        }
    }

    /// <summary>Uniform in [−bound, bound).</summary>
    private static void DrawUniform(CounterRandom stream, double bound, Span<float> values)
    {
        stream.FillUniform(values);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(((2.0 * values[i]) - 1.0) * bound);
        }
    }
}
