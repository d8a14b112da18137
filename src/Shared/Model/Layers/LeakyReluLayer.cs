using System.Numerics;
using System.Runtime.CompilerServices;

namespace NnCluster.Model;

/// <summary>f(x) = x for x &gt; 0, else slope·x with a fixed slope.</summary>
public sealed record LeakyReluSpec : LayerSpec
{
    /// <summary>Slope for negative inputs, at least 0.</summary>
    public float Slope { get; init; } = 0.01f;

    /// <inheritdoc/>
    public override void Validate(string path)
    {
        SpecCheck.Require(float.IsFinite(Slope), $"{path}.slope must be a finite number, not {Slope}");
        SpecCheck.Require(Slope >= 0f, $"{path}.slope must be at least 0, not {Slope}");
    }

    /// <inheritdoc/>
    public override IInPlaceLayer Create(PlacedLayer placed, int maxRows) => new LeakyReluLayer(Slope);
}

/// <summary>f(x) = x for x &gt; 0, else slope·x. With a slope of at least 0 the output has the sign of the input.</summary>
internal sealed class LeakyReluLayer(float slope) : IInPlaceLayer
{
    /// <inheritdoc/>
    public bool ReadsOutputs => true;

    /// <inheritdoc/>
    public void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values) =>
        RowMath.Apply(new Scaled(slope), values, values, values);

    /// <inheritdoc/>
    public void Backward(
        ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient) =>
        RowMath.Apply(new Scaled(slope), outputs, dValues, dValues);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>value if sign &gt; 0, else slope·value.</summary>
    internal readonly struct Scaled(float slope) : IBinaryOperator
    {
        private readonly Vector<float> _slope = new(slope);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> sign, Vector<float> value) =>
            Vector.ConditionalSelect(Vector.GreaterThan(sign, Vector<float>.Zero), value, value * _slope);
    }
}
