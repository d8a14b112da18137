using System.Diagnostics;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>A hidden layer: dense, batch norm if asked, activation, dropout. All but dropout work on one buffer.</summary>
internal sealed class HiddenBlock : IDisposable
{
    private readonly DenseLayer _dense;
    private readonly BatchNormLayer? _batchNorm;
    private readonly ILayer _activation;
    private readonly DropoutLayer? _dropout;
    private readonly AlignedBuffer _outputs;
    private readonly int _units;

    /// <summary>The hidden layer of index <paramref name="index"/>.</summary>
    public HiddenBlock(ModelSpec spec, ParameterLayout layout, int index, IBlas blas, int maxRows)
    {
        HiddenLayer layer = spec.Hidden[index];
        _units = layer.Units;
        _outputs = new(checked(maxRows * _units));
        _dense = new(layout, index, blas);
        _batchNorm = layer.BatchNorm ? new(layout, index, maxRows) : null;
        _activation = CreateActivation(spec, layout, index, maxRows);
        _dropout = layer.Dropout > 0f ? new(layer.Dropout, index + 1, _units, maxRows) : null;
    }

    /// <inheritdoc cref="DenseLayer.Load"/>
    public void Load(ReadOnlySpan<float> state) => _dense.Load(state);

    /// <summary>Returns the block's outputs (rows, units) for x (rows, inputs).</summary>
    public ReadOnlySpan<float> Forward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> x)
    {
        Span<float> values = _outputs.Span[..(pass.Rows * _units)];
        _dense.Forward(pass.Rows, state, x, values);
        _batchNorm?.Forward(pass, state, values);
        _activation.Forward(pass, state, values);
        return _dropout != null && pass.Training ? _dropout.Forward(pass, values) : values;
    }

    /// <summary>Writes the parameters' gradients. dValues (rows, units): ∂L/∂outputs ← ∂L/∂Z, Z the dense layer's output.</summary>
    public void Backward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> x, Span<float> dValues, in GradientTarget target)
    {
        ReadOnlySpan<float> outputs = _outputs.Span[..dValues.Length];
        _dropout?.Backward(dValues);
        _activation.Backward(pass, state, outputs, dValues, target.Shard);
        _batchNorm?.Backward(pass, state, outputs, dValues, target.Shard);
        _dense.ComputeGradient(pass.Rows, x, dValues, target);
    }

    /// <inheritdoc cref="DenseLayer.ComputeInputGradient"/>
    public void ComputeInputGradient(int rows, ReadOnlySpan<float> dZ, Span<float> dX) => _dense.ComputeInputGradient(rows, dZ, dX);

    /// <summary>What <see cref="Forward"/> returned last in training.</summary>
    public ReadOnlySpan<float> TrainingOutputs(int rows) => _dropout != null ? _dropout.Outputs(rows) : _outputs.Span[..(rows * _units)];

    /// <inheritdoc/>
    public void Dispose()
    {
        _dense.Dispose();
        _batchNorm?.Dispose();
        _activation.Dispose();
        _dropout?.Dispose();
        _outputs.Dispose();
    }

    private static ILayer CreateActivation(ModelSpec spec, ParameterLayout layout, int index, int maxRows)
    {
        HiddenLayer layer = spec.Hidden[index];
        return layer.Activation switch
        {
            ActivationKind.Relu => new ReluLayer(layer.Units, layout.ActiveCountsOffset + ReluUnitsBefore(spec, index)),
            ActivationKind.Sigmoid => new SigmoidLayer(),
            ActivationKind.Tanh => new TanhLayer(),
            ActivationKind.LeakyRelu => new LeakyReluLayer(layer.Slope ?? LeakyReluLayer.DefaultSlope),
            ActivationKind.Prelu => new PreluLayer(layout.Find(ParameterKind.Slope, index), layer.Units, maxRows),
            _ => throw new UnreachableException($"Unknown activation {layer.Activation}."),
        };
    }

    private static int ReluUnitsBefore(ModelSpec spec, int index) =>
        spec.Hidden.Take(index).Where(layer => layer.Activation == ActivationKind.Relu).Sum(layer => layer.Units);
}
