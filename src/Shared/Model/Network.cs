using System.Collections.Immutable;
using System.Diagnostics;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>
/// A multi-layer perceptron. It holds no model state except the packed weights. In the steady state it allocates nothing.
/// </summary>
internal sealed class Network : IModel
{
    private readonly ModelSpec _spec;
    private readonly int _maxRows;
    private readonly int _minRows;
    private readonly InputNoiseLayer? _inputNoise;
    private readonly DropoutLayer? _inputDropout;
    private readonly ImmutableArray<HiddenBlock> _hidden;
    private readonly DenseLayer _outputLayer;
    private readonly ILoss _loss;
    private readonly AlignedBuffer _outputs;
    private readonly AlignedBuffer _dEven;
    private readonly AlignedBuffer _dOdd;
    private readonly AlignedBuffer _shard;
    private readonly ImmutableArray<ParameterView> _products;
    private readonly ImmutableArray<ParameterView> _others;
    private readonly int[] _predictions;
    private bool _isLoaded;

    /// <summary>Allocates the workspace for shards of up to <paramref name="maxRows"/> rows.</summary>
    /// <exception cref="BadInputException">The specification is not valid.</exception>
    public Network(ModelSpec spec, IBlas blas, int maxRows)
    {
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(blas);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxRows);
        Layout = ParameterLayout.For(spec);
        ILookup<int, PlacedLayer> blocks = Layout.Layers.ToLookup(layer => layer.Definition.Block);
        Blas = blas;
        _spec = spec;
        _maxRows = maxRows;
        _minRows = spec.MinimumRows;
        _inputNoise = spec.InputNoise > 0f ? new(spec.InputNoise, spec.Inputs, maxRows) : null;
        _inputDropout = spec.InputDropout > 0f ? new(spec.InputDropout, 0, spec.Inputs, maxRows) : null;
        _hidden = [.. spec.Hidden.Select((block, index) => new HiddenBlock(block, [.. blocks[index]], index, blas, maxRows))];
        _outputLayer = new(blocks[spec.Hidden.Length].Single(), isFirst: spec.Hidden.IsEmpty, blas);
        _products = [.. _hidden.Select(block => block.Weight), _outputLayer.Weight];
        _others = [.. Layout.Tensors.Except(_products)];
        _loss = spec.Loss switch
        {
            LossKind.CrossEntropy => new CrossEntropyLoss(spec.Outputs, spec.ClipProbability, maxRows, spec.ClassWeights),
            LossKind.MeanSquaredError => new MeanSquaredErrorLoss(spec.Outputs, spec.ClassWeights),
            _ => throw new UnreachableException($"Unknown loss {spec.Loss}."),
        };
        int widest = spec.Hidden.Select(layer => layer.Units).DefaultIfEmpty().Max();
        _outputs = new(checked(maxRows * spec.Outputs));
        _dEven = new(checked(maxRows * widest));
        _dOdd = new(checked(maxRows * widest));
        _shard = new(Math.Max(Layout.GradientLength, Layout.EvaluationLength));
        _predictions = new int[maxRows];
    }

    /// <inheritdoc/>
    public ParameterLayout Layout { get; }

    /// <summary>Matrix products.</summary>
    public IBlas Blas { get; }

    /// <inheritdoc/>
    public void Load(ReadOnlySpan<float> state)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(state.Length, Layout.StateLength);
        foreach (HiddenBlock block in _hidden)
        {
            block.Load(state);
        }

        _outputLayer.Load(state);
        _isLoaded = true;
    }

    /// <inheritdoc/>
    public void ComputeGradient(in ShardRows rows, ReadOnlySpan<float> state, Span<float> sum, bool accumulate)
    {
        Check(rows, state);
        ArgumentOutOfRangeException.ThrowIfLessThan(sum.Length, Layout.GradientLength);
        sum = sum[..Layout.GradientLength];
        if (rows.Count == 0)
        {
            if (!accumulate)
            {
                sum.Clear();
            }

            return;
        }

        if (rows.Count < _minRows)
        {
            _spec.ValidateShardRows(rows.Count);
        }

        GradientTarget target = new()
        {
            Shard = accumulate ? _shard.Span[..Layout.GradientLength] : sum,
            Total = sum,
            AddsProducts = accumulate && rows.Count <= Blas.FusedAddDepth,
        };
        ShardPass pass = new(rows.Count, Training: true, rows.Seed, rows.Step, rows.FirstRow);
        ReadOnlySpan<float> features = _inputNoise != null ? _inputNoise.Forward(pass, rows.Features) : rows.Features;
        features = _inputDropout != null ? _inputDropout.Forward(pass, features) : features;
        Span<float> outputs = Forward(pass, features, state);
        WriteMetrics(rows, outputs, target.Shard.Slice(Layout.LossOffset, 2));
        _loss.Differentiate(rows, outputs);
        Backward(pass, features, state, outputs, target);
        if (accumulate)
        {
            AddShard(target);
        }
        else
        {
            ClearPadding(sum);
        }
    }

    /// <inheritdoc/>
    public void Evaluate(in ShardRows rows, ReadOnlySpan<float> state, Span<float> metrics, bool accumulate)
    {
        Check(rows, state);
        ArgumentOutOfRangeException.ThrowIfLessThan(metrics.Length, Layout.EvaluationLength);
        metrics = metrics[..Layout.EvaluationLength];
        Span<float> shard = accumulate ? _shard.Span[..metrics.Length] : metrics;
        shard.Clear();
        Span<float> outputs = Forward(new(rows.Count, Training: false, 0, 0, 0), rows.Features, state);
        WriteMetrics(rows, outputs, shard);
        for (int i = 0; i < rows.Labels.Length; i++)
        {
            shard[ParameterLayout.ConfusionOffset + (rows.Labels[i] * _spec.Outputs) + _predictions[i]]++;
        }

        if (accumulate)
        {
            RowMath.Add(shard, metrics);
        }
    }

    /// <inheritdoc/>
    public void Predict(ReadOnlySpan<float> features, int rows, ReadOnlySpan<float> state, Span<float> outputs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(features.Length, checked(rows * _spec.Inputs));
        ArgumentOutOfRangeException.ThrowIfLessThan(outputs.Length, checked(rows * _spec.Outputs));
        RequireLoaded(state);
        for (int first = 0; first < rows; first += _maxRows)
        {
            int count = Math.Min(_maxRows, rows - first);
            ShardPass pass = new(count, Training: false, 0, 0, 0);
            Span<float> predictions = Forward(pass, features.Slice(first * _spec.Inputs, count * _spec.Inputs), state);
            _loss.Predict(count, predictions);
            predictions.CopyTo(outputs[(first * _spec.Outputs)..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _inputNoise?.Dispose();
        _inputDropout?.Dispose();
        foreach (HiddenBlock block in _hidden)
        {
            block.Dispose();
        }

        _outputLayer.Dispose();
        _loss.Dispose();
        _outputs.Dispose();
        _dEven.Dispose();
        _dOdd.Dispose();
        _shard.Dispose();
    }

    private Span<float> Forward(ShardPass pass, ReadOnlySpan<float> features, ReadOnlySpan<float> state)
    {
        ReadOnlySpan<float> x = features;
        foreach (HiddenBlock block in _hidden)
        {
            x = block.Forward(pass, state, x);
        }

        Span<float> outputs = _outputs.Span[..(pass.Rows * _spec.Outputs)];
        _outputLayer.Forward(pass.Rows, state, x, outputs);
        return outputs;
    }

    private void Backward(
        ShardPass pass, ReadOnlySpan<float> features, ReadOnlySpan<float> state, Span<float> dOutputs, in GradientTarget target)
    {
        int last = _hidden.Length - 1;
        _outputLayer.ComputeGradient(pass.Rows, last < 0 ? features : _hidden[last].TrainingOutputs(pass.Rows), dOutputs, target);
        ReadOnlySpan<float> dZ = dOutputs;
        for (int i = last; i >= 0; i--)
        {
            // Even and odd blocks use different buffers: a block reads its successor's gradient while it writes its own.
            Span<float> dX = (i % 2 == 0 ? _dEven : _dOdd).Span[..(pass.Rows * _spec.Hidden[i].Units)];
            if (i == last)
            {
                _outputLayer.ComputeInputGradient(pass.Rows, dZ, dX);
            }
            else
            {
                _hidden[i + 1].ComputeInputGradient(pass.Rows, dZ, dX);
            }

            _hidden[i].Backward(pass, state, i == 0 ? features : _hidden[i - 1].TrainingOutputs(pass.Rows), dX, target);
            dZ = dX;
        }
    }

    /// <summary>Writes the loss sum, rounded once, and the number of correct predictions.</summary>
    private void WriteMetrics(in ShardRows rows, Span<float> outputs, Span<float> metrics)
    {
        metrics[0] = (float)_loss.Evaluate(rows, outputs, _predictions);
        int correct = 0;
        for (int i = 0; i < rows.Labels.Length; i++)
        {
            correct += _predictions[i] == rows.Labels[i] ? 1 : 0;
        }

        metrics[1] = correct;
    }

    /// <summary>Adds the shard's gradient and metrics to the running sum, except products that are in it already.</summary>
    private void AddShard(in GradientTarget target)
    {
        foreach (ParameterView view in _others)
        {
            RowMath.Add(view.Of((ReadOnlySpan<float>)target.Shard), view.Of(target.Total));
        }

        if (!target.AddsProducts)
        {
            foreach (ParameterView view in _products)
            {
                RowMath.Add(view.Of((ReadOnlySpan<float>)target.Shard), view.Of(target.Total));
            }
        }

        RowMath.Add(target.Shard.Slice(Layout.LossOffset, 2), target.Total.Slice(Layout.LossOffset, 2));
        Range activeCounts = Layout.ActiveCountsOffset..(Layout.ActiveCountsOffset + Layout.ActiveCountsLength);
        RowMath.Add(target.Shard[activeCounts], target.Total[activeCounts]);
    }

    private void ClearPadding(Span<float> gradient)
    {
        foreach (ParameterView view in Layout.Tensors)
        {
            int end = view.Offset + view.Length;
            gradient[end..ParameterLayout.RoundUp(end)].Clear();
        }

        gradient[(Layout.CorrectOffset + 1)..Layout.ActiveCountsOffset].Clear();
        gradient[(Layout.ActiveCountsOffset + Layout.ActiveCountsLength)..].Clear();
    }

    private void Check(in ShardRows rows, ReadOnlySpan<float> state)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows.Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rows.Count, _maxRows);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows.Features.Length, rows.Count * _spec.Inputs);
        RequireLoaded(state);
        if (rows.Targets.IsEmpty)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(rows.Labels.Length, rows.Count);
            foreach (int label in rows.Labels)
            {
                ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)label, (uint)_spec.Outputs);
            }
        }
        else if (_spec.Loss == LossKind.MeanSquaredError && rows.Labels.IsEmpty)
        {
            ArgumentOutOfRangeException.ThrowIfNotEqual(rows.Targets.Length, rows.Count * _spec.Outputs);
        }
        else
        {
            throw new ArgumentException("Targets go with the mean squared error and exclude labels.", nameof(rows));
        }
    }

    private void RequireLoaded(ReadOnlySpan<float> state)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(state.Length, Layout.StateLength);
        if (!_isLoaded)
        {
            throw new InvalidOperationException("No model state is loaded: call Load first.");
        }
    }
}
