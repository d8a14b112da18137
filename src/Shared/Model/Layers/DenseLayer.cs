using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>Destination of a shard's gradient: a buffer of its own, or for large products the running sum itself.</summary>
internal readonly ref struct GradientTarget
{
    /// <summary>Receives the gradient of the shard alone.</summary>
    public required Span<float> Shard { get; init; }

    /// <summary>The sum so far; weight gradients are added to it if <see cref="AddsProducts"/>.</summary>
    public required Span<float> Total { get; init; }

    /// <summary>Whether weight gradients are added to <see cref="Total"/> by the product itself.</summary>
    public required bool AddsProducts { get; init; }
}

/// <summary>Z = X·Wᵀ + b with X (rows, inputs), W (outputs, inputs), b (outputs), Z (rows, outputs).</summary>
internal sealed class DenseLayer : IDisposable
{
    private readonly IBlas _blas;
    private readonly ParameterView _weight;
    private readonly ParameterView _bias;
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly PackedMatrix _forwardWeights;
    private readonly PackedMatrix? _backwardWeights;

    /// <summary>Allocates the packed weights. The first dense layer of a model needs no gradient of its input.</summary>
    public DenseLayer(PlacedLayer placed, bool isFirst, IBlas blas)
    {
        _blas = blas;
        (_weight, _bias) = (placed.Tensors[0], placed.Tensors[1]);
        (_outputs, _inputs) = (_weight.Shape[0], _weight.Shape[1]);
        _forwardWeights = blas.CreatePacked(_inputs, _outputs);
        _backwardWeights = isFirst ? null : blas.CreatePacked(_outputs, _inputs);
    }

    /// <summary>The weights, [outputs, inputs].</summary>
    public ParameterView Weight => _weight;

    /// <summary>Tensors of a dense layer.</summary>
    public static LayerDefinition Define(int block, int inputs, int outputs, Initializer initializer) => new("dense", block, outputs,
    [
        new("weight", ParameterKind.Weight, [outputs, inputs], new WeightInitialization(initializer)),
        new("bias", ParameterKind.Bias, [outputs], new BiasInitialization(initializer)),
    ]);

    /// <summary>Packs the weights in the backend's own order.</summary>
    public void Load(ReadOnlySpan<float> state)
    {
        ReadOnlySpan<float> weights = _weight.Of(state);
        _blas.Pack(Transpose.Yes, weights, _inputs, _forwardWeights);
        if (_backwardWeights != null)
        {
            _blas.Pack(Transpose.No, weights, _inputs, _backwardWeights);
        }
    }

    /// <summary>Z ← X·Wᵀ + b.</summary>
    public void Forward(int rows, ReadOnlySpan<float> state, ReadOnlySpan<float> x, Span<float> z)
    {
        // Adding the product to the bias, instead of the bias to the product, saves a pass over Z.
        RowMath.FillRows(_bias.Of(state), z);
        _blas.GemmPacked(Transpose.No, rows, x, _inputs, _forwardWeights, 1f, z, _outputs);
    }

    /// <summary>dW = dZᵀ·X and db = Σ dZ over the rows in order.</summary>
    public void ComputeGradient(int rows, ReadOnlySpan<float> x, ReadOnlySpan<float> dZ, in GradientTarget target)
    {
        Span<float> dWeights = _weight.Of(target.AddsProducts ? target.Total : target.Shard);
        float beta = target.AddsProducts ? 1f : 0f;
        _blas.Gemm(Transpose.Yes, Transpose.No, _outputs, _inputs, rows, 1f, dZ, _outputs, x, _inputs, beta, dWeights, _inputs);
        RowMath.ColumnSums(dZ, _bias.Of(target.Shard));
    }

    /// <summary>dX = dZ·W.</summary>
    /// <exception cref="InvalidOperationException">This is the first layer.</exception>
    public void ComputeInputGradient(int rows, ReadOnlySpan<float> dZ, Span<float> dX)
    {
        PackedMatrix weights = _backwardWeights ?? throw new InvalidOperationException("The first layer has no input gradient.");
        _blas.GemmPacked(Transpose.No, rows, dZ, _outputs, weights, 0f, dX, _inputs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _forwardWeights.Dispose();
        _backwardWeights?.Dispose();
    }
}
