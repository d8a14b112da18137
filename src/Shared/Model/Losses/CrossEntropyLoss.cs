using System.Collections.Immutable;
using System.Numerics.Tensors;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>
/// Soft-max p = eᶻ / Σ eᶻ and cross-entropy −log p[label], computed from the logits: log Σ e^(z − max) − (z[label] − max).
/// The gradient by z is p − onehot(label).
/// </summary>
/// <remarks>
/// With a clip probability ε the loss is −log max(p[label], ε). Below ε the loss is constant, so the row's gradient is 0,
/// as with TensorFlow's <c>clip_by_value</c>. With class weights, loss and gradient of a row are multiplied by the weight of its class.
/// </remarks>
internal sealed class CrossEntropyLoss : ILoss
{
    private readonly int _classes;
    private readonly float? _clipProbability;
    private readonly float _clippedLoss;
    private readonly ImmutableArray<float>? _weights;
    private readonly AlignedBuffer _labelLogits;
    private readonly AlignedBuffer _sums;
    private readonly AlignedBuffer _logarithms;

    /// <summary>Allocates the workspace for <paramref name="maxRows"/> rows.</summary>
    public CrossEntropyLoss(int classes, float? clipProbability, int maxRows, ImmutableArray<float>? weights = null)
    {
        _classes = classes;
        _clipProbability = clipProbability;
        _weights = weights;
        _labelLogits = new(maxRows);
        _sums = new(maxRows);
        _logarithms = new(maxRows);
        if (clipProbability is float clip)
        {
            Span<float> logarithm = [clip];
            VectorMath.Log(logarithm, logarithm);
            _clippedLoss = -logarithm[0];
        }
    }

    /// <inheritdoc/>
    public double Evaluate(in ShardRows rows, Span<float> outputs, Span<int> predictions)
    {
        Span<float> labelLogits = _labelLogits.Span[..rows.Count];
        for (int i = 0; i < rows.Count; i++)
        {
            Span<float> logits = outputs.Slice(i * _classes, _classes);
            predictions[i] = Classification.ArgMax(logits);
            float max = logits[predictions[i]];
            SubtractFromEach(logits, max);
            labelLogits[i] = logits[rows.Labels[i]];
        }

        Normalise(rows.Count, outputs);
        Span<float> logarithms = _logarithms.Span[..rows.Count];
        VectorMath.Log(_sums.Span[..rows.Count], logarithms);
        double loss = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            float rowLoss = IsClipped(outputs[(i * _classes) + rows.Labels[i]]) ? _clippedLoss : logarithms[i] - labelLogits[i];
            loss += _weights is { } weights ? weights[rows.Labels[i]] * rowLoss : rowLoss;
        }

        return loss;
    }

    /// <inheritdoc/>
    public void Differentiate(in ShardRows rows, Span<float> predictions)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            Span<float> probabilities = predictions.Slice(i * _classes, _classes);
            if (IsClipped(probabilities[rows.Labels[i]]))
            {
                probabilities.Clear();
            }
            else
            {
                probabilities[rows.Labels[i]] -= 1f;
            }

            if (_weights is { } weights)
            {
                TensorPrimitives.Multiply(probabilities, weights[rows.Labels[i]], probabilities);
            }
        }
    }

    /// <inheritdoc/>
    public void Predict(int rows, Span<float> outputs)
    {
        for (int i = 0; i < rows; i++)
        {
            Span<float> logits = outputs.Slice(i * _classes, _classes);
            SubtractFromEach(logits, logits[Classification.ArgMax(logits)]);
        }

        Normalise(rows, outputs);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _labelLogits.Dispose();
        _sums.Dispose();
        _logarithms.Dispose();
    }

    private bool IsClipped(float probability) => probability < _clipProbability;

    /// <summary>shifted: logits minus their row's maximum ← probabilities. Stores the sums over the classes, added in order.</summary>
    private void Normalise(int rows, Span<float> shifted)
    {
        VectorMath.Exp(shifted, shifted);
        Span<float> sums = _sums.Span[..rows];
        for (int i = 0; i < rows; i++)
        {
            Span<float> exponentials = shifted.Slice(i * _classes, _classes);
            float sum = 0f;
            foreach (float exponential in exponentials)
            {
                sum += exponential;
            }

            sums[i] = sum;
            for (int j = 0; j < exponentials.Length; j++)
            {
                exponentials[j] /= sum;
            }
        }
    }

    private static void SubtractFromEach(Span<float> values, float subtrahend)
    {
        for (int j = 0; j < values.Length; j++)
        {
            values[j] -= subtrahend;
        }
    }
}
