using System.Diagnostics;
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
            switch (view.Kind)
            {
                case ParameterKind.Weight:
                    DrawWeights(spec.Initializer, seed, (uint)index, view.Shape[1], view.Shape[0], values);
                    break;
                case ParameterKind.Bias:
                    DrawBiases(spec.Initializer, seed, (uint)index, values);
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

    private static void DrawWeights(Initializer initializer, ulong seed, uint tensor, int inputs, int outputs, Span<float> values)
    {
        switch (initializer.Kind)
        {
            case InitializerKind.He:
                DrawNormal(seed, tensor, MathF.Sqrt(2f / inputs), values);
                break;
            case InitializerKind.Xavier:
                DrawUniform(seed, tensor, MathF.Sqrt(6f / ((float)inputs + outputs)), values);
                break;
            case InitializerKind.Normal:
                DrawNormal(seed, tensor, initializer.Scale, values);
                break;
            case InitializerKind.Uniform:
                DrawUniform(seed, tensor, initializer.Scale, values);
                break;
            default:
                throw new UnreachableException($"Unknown initializer {initializer.Kind}.");
        }
    }

    private static void DrawBiases(Initializer initializer, ulong seed, uint tensor, Span<float> values)
    {
        if (initializer.Kind == InitializerKind.Normal)
        {
            DrawNormal(seed, tensor, initializer.Scale, values);
        }
        else if (initializer.Kind == InitializerKind.Uniform)
        {
            DrawUniform(seed, tensor, initializer.Scale, values);
        }
    }

    private static void DrawNormal(ulong seed, uint tensor, float deviation, Span<float> values)
    {
        NormalSampler.Fill(seed, RandomStream.Initialization, tensor, values);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] *= deviation;
        }
    }

    private static void DrawUniform(ulong seed, uint tensor, float bound, Span<float> values)
    {
        uint[] words = new uint[values.Length];
        CounterRandom.Fill(seed, RandomStream.Initialization, tensor, 0, 0, words);
        for (int i = 0; i < values.Length; i++)
        {
            // 24 bits, the middle of each of 2²⁴ equal cells: symmetric about 0, exact in a float.
            float unit = ((words[i] >> 8) * (1f / (1 << 23))) + ((1f / (1 << 24)) - 1f);
            values[i] = unit * bound;
        }
    }
}
