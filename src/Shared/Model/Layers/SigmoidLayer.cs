using System.Numerics;
using System.Runtime.CompilerServices;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>The logistic function σ(x) = 1 / (1 + e⁻ˣ).</summary>
public sealed record SigmoidSpec : LayerSpec
{
    /// <inheritdoc/>
    public override IInPlaceLayer Create(PlacedLayer placed, int maxRows) => new SigmoidLayer();
}

/// <summary>σ(x) = 1 / (1 + e⁻ˣ), σ′ = (1 − σ)·σ.</summary>
internal sealed class SigmoidLayer : IInPlaceLayer
{
    /// <inheritdoc/>
    public bool ReadsOutputs => true;

    /// <inheritdoc/>
    public void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values) => VectorMath.Sigmoid(values, values);

    /// <inheritdoc/>
    public void Backward(
        ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient) =>
        RowMath.Apply(default(Derivative), outputs, dValues, dValues);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private readonly struct Derivative : IBinaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> y, Vector<float> dY) => dY * ((Vector<float>.One - y) * y);
    }
}
