using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NnCluster.Memory;

namespace NnCluster.Model;

/// <summary>Batch normalisation per unit (Ioffe and Szegedy 2015), with learned scale and shift.</summary>
public sealed record BatchNormSpec : LayerSpec
{
    /// <inheritdoc/>
    public override ImmutableArray<ParameterDefinition> Parameters(int units) =>
    [
        new("weight", ParameterKind.Scale, [units], Initialization.Constant(1f)),
        new("bias", ParameterKind.Shift, [units], Initialization.Constant(0f)),
        new("running_mean", ParameterKind.RunningMean, [units], Initialization.Constant(0f)),
        new("running_var", ParameterKind.RunningVariance, [units], Initialization.Constant(1f)),
    ];

    /// <summary>2: a single row has no variance.</summary>
    public override int MinimumRows() => 2;

    /// <inheritdoc/>
    public override IInPlaceLayer Create(PlacedLayer placed, int maxRows) => new BatchNormLayer(placed, maxRows);
}

/// <summary>
/// y = γ·x̂ + β with x̂ = (x − mean) / √(variance + ε) per unit. In training the statistics are those of the shard, "ghost
/// batch norm" (Hoffer et al. 2017): the biased variance normalises, the unbiased one goes to the running average, as
/// in PyTorch. In evaluation they are the running ones.
/// </summary>
internal sealed class BatchNormLayer : IInPlaceLayer
{
    /// <summary>ε, as in PyTorch.</summary>
    public const float Epsilon = 1e-5f;

    private readonly ParameterView _scale;
    private readonly ParameterView _shift;
    private readonly ParameterView _runningMean;
    private readonly ParameterView _runningVariance;
    private readonly AlignedBuffer _normalised;
    private readonly AlignedBuffer _mean;
    private readonly AlignedBuffer _variance;
    private readonly AlignedBuffer _inverseDeviation;
    private readonly AlignedBuffer _first;
    private readonly AlignedBuffer _second;

    /// <summary>Allocates the workspace for <paramref name="maxRows"/> rows.</summary>
    public BatchNormLayer(PlacedLayer placed, int maxRows)
    {
        (_scale, _shift, _runningMean, _runningVariance) = (placed.Tensors[0], placed.Tensors[1], placed.Tensors[2], placed.Tensors[3]);
        int units = placed.Units;
        _normalised = new(checked(maxRows * units));
        _mean = new(units);
        _variance = new(units);
        _inverseDeviation = new(units);
        _first = new(units);
        _second = new(units);
    }

    /// <inheritdoc/>
    public bool ReadsOutputs => false;

    /// <inheritdoc/>
    public void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values)
    {
        if (pass.Training)
        {
            ComputeStatistics(pass.Rows, values);
            Invert(_variance.Span);
            Span<float> normalised = _normalised.Span[..values.Length];
            ForEachRow(default(Normalise), values, _mean.Span, _inverseDeviation.Span, normalised);
            ForEachRow(default(ScaleAndShift), normalised, _scale.Of(state), _shift.Of(state), values);
            return;
        }

        // With fixed statistics the layer is y = x·a + b: a = γ / √(variance + ε), b = β − mean·a.
        Invert(_runningVariance.Of(state));
        Span<float> factor = _first.Span;
        Span<float> offset = _second.Span;
        for (int j = 0; j < factor.Length; j++)
        {
            factor[j] = _scale.Of(state)[j] * _inverseDeviation.Span[j];
            float shifted = _runningMean.Of(state)[j] * factor[j];
            offset[j] = _shift.Of(state)[j] - shifted;
        }

        ForEachRow(default(ScaleAndShift), values, factor, offset, values);
    }

    /// <inheritdoc/>
    /// <remarks>dx = γ / √(variance + ε)·(dy − (dβ + x̂·dγ) / rows).</remarks>
    public void Backward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient)
    {
        ReadOnlySpan<float> normalised = _normalised.Span[..dValues.Length];
        Span<float> dScale = _scale.Of(gradient);
        Span<float> dShift = _shift.Of(gradient);
        RowMath.ColumnDots(dValues, normalised, dScale);
        RowMath.ColumnSums(dValues, dShift);

        Span<float> meanScale = _first.Span;
        Span<float> meanShift = _second.Span;
        Span<float> factor = _inverseDeviation.Span;
        ReadOnlySpan<float> scale = _scale.Of(state);
        for (int j = 0; j < factor.Length; j++)
        {
            meanScale[j] = dScale[j] / pass.Rows;
            meanShift[j] = dShift[j] / pass.Rows;
            factor[j] *= scale[j];
        }

        int units = factor.Length;
        for (int row = 0; row < dValues.Length; row += units)
        {
            DifferentiateRow(normalised.Slice(row, units), meanScale, meanShift, factor, dValues.Slice(row, units));
        }

        float unbiased = pass.Rows / (pass.Rows - 1f);
        _mean.Span.CopyTo(_runningMean.Of(gradient));
        Span<float> shardVariance = _runningVariance.Of(gradient);
        for (int j = 0; j < units; j++)
        {
            shardVariance[j] = _variance.Span[j] * unbiased;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _normalised.Dispose();
        _mean.Dispose();
        _variance.Dispose();
        _inverseDeviation.Dispose();
        _first.Dispose();
        _second.Dispose();
    }

    /// <summary>Computes the mean, then the mean squared distance from it. Two passes are more accurate than one.</summary>
    private void ComputeStatistics(int rows, Span<float> values)
    {
        Span<float> mean = _mean.Span;
        Span<float> variance = _variance.Span;
        Span<float> centred = _normalised.Span[..values.Length];
        RowMath.ColumnSums(values, mean);
        for (int j = 0; j < mean.Length; j++)
        {
            mean[j] /= rows;
        }

        ForEachRow(default(Subtract), values, mean, mean, centred);
        RowMath.ColumnDots(centred, centred, variance);
        for (int j = 0; j < variance.Length; j++)
        {
            variance[j] /= rows;
        }
    }

    private void Invert(ReadOnlySpan<float> variance)
    {
        Span<float> inverse = _inverseDeviation.Span;
        for (int j = 0; j < inverse.Length; j++)
        {
            inverse[j] = 1f / MathF.Sqrt(variance[j] + Epsilon);
        }
    }

    private static void DifferentiateRow(ReadOnlySpan<float> normalised, ReadOnlySpan<float> meanScale, ReadOnlySpan<float> meanShift,
        ReadOnlySpan<float> factor, Span<float> dValues)
    {
        ref float x = ref MemoryMarshal.GetReference(normalised);
        ref float a = ref MemoryMarshal.GetReference(meanScale);
        ref float b = ref MemoryMarshal.GetReference(meanShift);
        ref float f = ref MemoryMarshal.GetReference(factor);
        ref float d = ref MemoryMarshal.GetReference(dValues);
        int j = 0;
        for (; j <= dValues.Length - Vector<float>.Count; j += Vector<float>.Count)
        {
            nuint i = (nuint)j;
            Vector<float> mean = Vector.LoadUnsafe(ref b, i) + (Vector.LoadUnsafe(ref x, i) * Vector.LoadUnsafe(ref a, i));
            ((Vector.LoadUnsafe(ref d, i) - mean) * Vector.LoadUnsafe(ref f, i)).StoreUnsafe(ref d, i);
        }

        for (; j < dValues.Length; j++)
        {
            float product = normalised[j] * meanScale[j];
            dValues[j] = (dValues[j] - (meanShift[j] + product)) * factor[j];
        }
    }

    private static void ForEachRow<TOperator>(
        TOperator f, ReadOnlySpan<float> source, ReadOnlySpan<float> first, ReadOnlySpan<float> second, Span<float> destination)
        where TOperator : struct, IRowOperator
    {
        int units = first.Length;
        ref float x = ref MemoryMarshal.GetReference(source);
        ref float a = ref MemoryMarshal.GetReference(first);
        ref float b = ref MemoryMarshal.GetReference(second);
        ref float y = ref MemoryMarshal.GetReference(destination);
        for (int row = 0; row < source.Length; row += units)
        {
            int j = 0;
            for (; j <= units - Vector<float>.Count; j += Vector<float>.Count)
            {
                f.Invoke(Vector.LoadUnsafe(ref x, (nuint)(row + j)), Vector.LoadUnsafe(ref a, (nuint)j), Vector.LoadUnsafe(ref b, (nuint)j))
                    .StoreUnsafe(ref y, (nuint)(row + j));
            }

            for (; j < units; j++)
            {
                destination[row + j] = f.Invoke(new(source[row + j]), new(first[j]), new(second[j]))[0];
            }
        }
    }

    /// <summary>f(x[i, j], a[j], b[j]).</summary>
    private interface IRowOperator
    {
        Vector<float> Invoke(Vector<float> x, Vector<float> a, Vector<float> b);
    }

    private readonly struct Subtract : IRowOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> x, Vector<float> a, Vector<float> b) => x - a;
    }

    private readonly struct Normalise : IRowOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> x, Vector<float> a, Vector<float> b) => (x - a) * b;
    }

    private readonly struct ScaleAndShift : IRowOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> x, Vector<float> a, Vector<float> b) => (x * a) + b;
    }
}
