using System.Numerics;
using System.Runtime.CompilerServices;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>The hyperbolic tangent.</summary>
public sealed record TanhSpec : LayerSpec
{
    /// <inheritdoc/>
    public override IInPlaceLayer Create(PlacedLayer placed, int maxRows) => new TanhLayer();
}

/// <summary>f(x) = tanh(x), f′ = 1 − tanh².</summary>
internal sealed class TanhLayer : IInPlaceLayer
{
    /// <inheritdoc/>
    public bool ReadsOutputs => true;

    /// <inheritdoc/>
    public void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values) => VectorMath.Tanh(values, values);

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
        public Vector<float> Invoke(Vector<float> y, Vector<float> dY) => dY * (Vector<float>.One - (y * y));
    }
}
