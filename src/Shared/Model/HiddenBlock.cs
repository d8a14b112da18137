using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>A hidden block: dense layer, in-place layers on its outputs, dropout.</summary>
internal sealed class HiddenBlock : IDisposable
{
    private readonly int _units;
    private readonly DenseLayer _dense;
    private readonly ImmutableArray<IInPlaceLayer> _layers;
    private readonly ImmutableArray<AlignedBuffer?> _copies;
    private readonly DropoutLayer? _dropout;
    private readonly AlignedBuffer _outputs;

    /// <summary>Allocates the block of index <paramref name="index"/>.</summary>
    /// <param name="spec">The block.</param>
    /// <param name="placed">The block's layers with their places: dense layer first, then the in-place layers.</param>
    /// <param name="index">Index of the block; block 0 computes no gradient of its input.</param>
    /// <param name="blas">Matrix products.</param>
    /// <param name="maxRows">Largest number of rows of a pass.</param>
    public HiddenBlock(HiddenLayer spec, ImmutableArray<PlacedLayer> placed, int index, IBlas blas, int maxRows)
    {
        _units = spec.Units;
        _outputs = new(checked(maxRows * _units));
        _dense = new(placed[0], isFirst: index == 0, blas);
        _layers = [.. spec.InPlaceLayers($"hidden[{index}]").Zip(placed[1..], (layer, place) => layer.Create(place, maxRows))];
        _copies = [.. _layers.Select((layer, i) =>
            layer.ReadsOutputs && i < _layers.Length - 1 ? new AlignedBuffer(_outputs.Length) : null)];
        _dropout = spec.Dropout > 0f ? new(spec.Dropout, index + 1, _units, maxRows) : null;
    }

    /// <summary>The dense layer's weights.</summary>
    public ParameterView Weight => _dense.Weight;

    /// <inheritdoc cref="DenseLayer.Load"/>
    public void Load(ReadOnlySpan<float> state) => _dense.Load(state);

    /// <summary>Returns the block's outputs (rows, units) for x (rows, inputs).</summary>
    public ReadOnlySpan<float> Forward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> x)
    {
        Span<float> values = _outputs.Span[..(pass.Rows * _units)];
        _dense.Forward(pass.Rows, state, x, values);
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i].Forward(pass, state, values);
            if (_copies[i] is { } copy && pass.Training)
            {
                values.CopyTo(copy.Span);
            }
        }

        return _dropout != null && pass.Training ? _dropout.Forward(pass, values) : values;
    }

    /// <summary>
    /// Writes the gradients of the block's tensors. dValues (rows, units): ∂L/∂outputs ← ∂L/∂Z, Z being the dense layer's output.
    /// </summary>
    public void Backward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> x, Span<float> dValues, in GradientTarget target)
    {
        _dropout?.Backward(dValues);
        for (int i = _layers.Length - 1; i >= 0; i--)
        {
            ReadOnlySpan<float> outputs = (_copies[i] ?? _outputs).Span[..dValues.Length];
            _layers[i].Backward(pass, state, outputs, dValues, target.Shard);
        }

        _dense.ComputeGradient(pass.Rows, x, dValues, target);
    }

    /// <inheritdoc cref="DenseLayer.ComputeInputGradient"/>
    public void ComputeInputGradient(int rows, ReadOnlySpan<float> dZ, Span<float> dX) => _dense.ComputeInputGradient(rows, dZ, dX);

    /// <summary>The outputs of the last <see cref="Forward"/> in training.</summary>
    public ReadOnlySpan<float> TrainingOutputs(int rows) => _dropout != null ? _dropout.Outputs(rows) : _outputs.Span[..(rows * _units)];

    /// <inheritdoc/>
    public void Dispose()
    {
        _dense.Dispose();
        foreach (IInPlaceLayer layer in _layers)
        {
            layer.Dispose();
        }

        foreach (AlignedBuffer? copy in _copies)
        {
            copy?.Dispose();
        }

        _dropout?.Dispose();
        _outputs.Dispose();
    }
}
