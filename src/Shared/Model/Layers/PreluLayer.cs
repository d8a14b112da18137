using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using NnCluster.Memory;

namespace NnCluster.Model;

/// <summary>f(x) = x for x &gt; 0, else slope·x with one learned slope for the layer (He et al. 2015).</summary>
public sealed record PreluSpec : LayerSpec
{
    /// <summary>Slope before the first step.</summary>
    public float Slope { get; init; } = 0.25f;

    /// <inheritdoc/>
    public override ImmutableArray<ParameterDefinition> Parameters(int units) =>
        [new("weight", ParameterKind.Slope, [1], Initialization.Constant(Slope))];

    /// <inheritdoc/>
    public override void Validate(string path) =>
        SpecCheck.Require(float.IsFinite(Slope), $"{path}.slope must be a finite number, not {Slope}");

    /// <inheritdoc/>
    public override IInPlaceLayer Create(PlacedLayer placed, int maxRows) => new PreluLayer(placed.Tensors[0], placed.Units, maxRows);
}

/// <summary>
/// f(x) = x for x &gt; 0, else slope·x; ∂f/∂slope = min(0, x). The slope may become negative, so the layer keeps its inputs.
/// </summary>
internal sealed class PreluLayer(ParameterView slope, int units, int maxRows) : IInPlaceLayer
{
    private readonly AlignedBuffer _inputs = new(checked(maxRows * units));
    private readonly AlignedBuffer _products = new(checked(maxRows * units));
    private readonly AlignedBuffer _columnSums = new(units);

    /// <inheritdoc/>
    public bool ReadsOutputs => false;

    /// <inheritdoc/>
    public void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values)
    {
        values.CopyTo(_inputs.Span);
        RowMath.Apply(new LeakyReluLayer.Scaled(slope.Of(state)[0]), values, values, values);
    }

    /// <inheritdoc/>
    public void Backward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient)
    {
        ReadOnlySpan<float> inputs = _inputs.Span[..dValues.Length];
        Span<float> products = _products.Span[..dValues.Length];
        RowMath.Apply(default(SlopeDerivative), inputs, dValues, products);
        RowMath.ColumnSums(products, _columnSums.Span);
        double sum = 0;
        foreach (float columnSum in _columnSums.Span)
        {
            sum += columnSum;
        }

        slope.Of(gradient)[0] = (float)sum;
        RowMath.Apply(new LeakyReluLayer.Scaled(slope.Of(state)[0]), inputs, dValues, dValues);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inputs.Dispose();
        _products.Dispose();
        _columnSums.Dispose();
    }

    /// <summary>min(0, x)·dY.</summary>
    private readonly struct SlopeDerivative : IBinaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> x, Vector<float> dY) =>
            Vector.ConditionalSelect(Vector.GreaterThan(x, Vector<float>.Zero), Vector<float>.Zero, x * dY);
    }
}
