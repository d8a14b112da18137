using System.Collections.Immutable;
using System.Diagnostics;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>The distributions of initial weights.</summary>
public enum InitializerKind
{
    /// <summary>Normal, variance 2 / inputs (He et al. 2015); biases 0.</summary>
    He,

    /// <summary>Uniform within ±√(6 / (inputs + outputs)) (Glorot and Bengio 2010); biases 0.</summary>
    Xavier,

    /// <summary>Normal with mean 0 and standard deviation <see cref="Initializer.Scale"/>, for weights and biases.</summary>
    Normal,

    /// <summary>Uniform within ±<see cref="Initializer.Scale"/>, for weights and biases.</summary>
    Uniform,
}

/// <summary>Distribution of the initial weights and biases of dense layers.</summary>
/// <param name="Kind">The distribution.</param>
/// <param name="Scale">
/// Standard deviation of <see cref="InitializerKind.Normal"/>, bound of <see cref="InitializerKind.Uniform"/>; at least 0.
/// </param>
public sealed record Initializer(InitializerKind Kind, float Scale = 1f);

/// <summary>Weights [outputs, inputs] drawn as an <see cref="Initializer"/> says.</summary>
internal sealed record WeightInitialization(Initializer Initializer) : Initialization
{
    /// <inheritdoc/>
    public override void Fill(CounterRandom stream, ImmutableArray<int> shape, Span<float> values)
    {
        (int outputs, int inputs) = (shape[0], shape[1]);
        switch (Initializer.Kind)
        {
            case InitializerKind.He:
                NormalSampler.Fill(stream, values, standardDeviation: Math.Sqrt(2.0 / inputs));
                break;
            case InitializerKind.Xavier:
                Uniform.Fill(stream, Math.Sqrt(6.0 / ((double)inputs + outputs)), values);
                break;
            case InitializerKind.Normal:
                NormalSampler.Fill(stream, values, standardDeviation: Initializer.Scale);
                break;
            case InitializerKind.Uniform:
                Uniform.Fill(stream, Initializer.Scale, values);
                break;
            default:
                throw new UnreachableException($"Unknown initializer {Initializer.Kind}.");
        }
    }
}

/// <summary>Biases: drawn by <see cref="InitializerKind.Normal"/> and <see cref="InitializerKind.Uniform"/>, else 0.</summary>
internal sealed record BiasInitialization(Initializer Initializer) : Initialization
{
    /// <inheritdoc/>
    public override void Fill(CounterRandom stream, ImmutableArray<int> shape, Span<float> values)
    {
        switch (Initializer.Kind)
        {
            case InitializerKind.Normal:
                NormalSampler.Fill(stream, values, standardDeviation: Initializer.Scale);
                break;
            case InitializerKind.Uniform:
                Uniform.Fill(stream, Initializer.Scale, values);
                break;
            default:
                values.Clear();
                break;
        }
    }
}

/// <summary>Uniform numbers in [−bound, bound).</summary>
file static class Uniform
{
    public static void Fill(CounterRandom stream, double bound, Span<float> values)
    {
        stream.FillUniform(values);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(((2.0 * values[i]) - 1.0) * bound);
        }
    }
}
