using System.Collections.Immutable;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>The values of a tensor before the first step.</summary>
public abstract record Initialization
{
    /// <summary>All elements equal <paramref name="value"/>.</summary>
    public static Initialization Constant(float value) => new ConstantInitialization(value);

    /// <summary>Writes every element.</summary>
    /// <param name="stream">Random stream of this tensor alone.</param>
    /// <param name="shape">Dimensions of the tensor.</param>
    /// <param name="values">Elements of the tensor, row-major.</param>
    public abstract void Fill(CounterRandom stream, ImmutableArray<int> shape, Span<float> values);

    private sealed record ConstantInitialization(float Value) : Initialization
    {
        public override void Fill(CounterRandom stream, ImmutableArray<int> shape, Span<float> values) => values.Fill(Value);
    }
}
