using System.Numerics;
using System.Runtime.CompilerServices;

namespace NnCluster.Model;

/// <summary>
/// f(x) = x for x &gt; 0, else slope·x, with a fixed slope ≥ 0, so that the sign of the output tells the sign of the input.
/// </summary>
internal sealed class LeakyReluLayer(float slope) : ILayer
{
    /// <summary>The slope where the specification names none.</summary>
    public const float DefaultSlope = 0.01f;

    /// <inheritdoc/>
    public void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values) =>
        RowMath.Apply(new Scaled(slope), values, values, values);

    /// <inheritdoc/>
    public void Backward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient) =>
        RowMath.Apply(new Scaled(slope), outputs, dValues, dValues);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    /// <summary>value where sign is positive, slope·value elsewhere.</summary>
    internal readonly struct Scaled(float slope) : IBinaryOperator
    {
        private readonly Vector<float> _slope = new(slope);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> sign, Vector<float> value) =>
            Vector.ConditionalSelect(Vector.GreaterThan(sign, Vector<float>.Zero), value, value * _slope);
    }
}
