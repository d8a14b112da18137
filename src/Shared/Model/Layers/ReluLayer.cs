using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace NnCluster.Model;

/// <summary>The rectifier f(x) = max(0, x).</summary>
public sealed record ReluSpec : LayerSpec
{
    /// <summary>One a unit: ReLU units can die.</summary>
    public override int ActiveCounts(int units) => units;

    /// <inheritdoc/>
    public override IInPlaceLayer Create(PlacedLayer placed, int maxRows) => new ReluLayer(placed.Units, placed.ActiveCountsOffset);
}

/// <summary>f(x) = max(0, x), f′(0) = 0. NaN stays NaN. Counts per unit the rows with a positive output.</summary>
internal sealed class ReluLayer(int units, int activeCountsOffset) : IInPlaceLayer
{
    /// <inheritdoc/>
    public bool ReadsOutputs => true;

    /// <inheritdoc/>
    public void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values) => RowMath.Apply(default(Relu), values, values);

    /// <inheritdoc/>
    public void Backward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient)
    {
        Span<float> activeCounts = gradient.Slice(activeCountsOffset, units);
        activeCounts.Clear();
        ref float y = ref MemoryMarshal.GetReference(outputs);
        ref float dy = ref MemoryMarshal.GetReference(dValues);
        ref float counts = ref MemoryMarshal.GetReference(activeCounts);
        for (int row = 0; row < pass.Rows * units; row += units)
        {
            int j = 0;
            for (; j <= units - Vector<float>.Count; j += Vector<float>.Count)
            {
                nuint i = (nuint)(row + j);
                Vector<float> positive = Vector.GreaterThan(Vector.LoadUnsafe(ref y, i), Vector<float>.Zero).As<int, float>();
                (Vector.LoadUnsafe(ref dy, i) & positive).StoreUnsafe(ref dy, i);
                (Vector.LoadUnsafe(ref counts, (nuint)j) + (Vector<float>.One & positive)).StoreUnsafe(ref counts, (nuint)j);
            }

            for (; j < units; j++)
            {
                bool positive = outputs[row + j] > 0f;
                dValues[row + j] = positive ? dValues[row + j] : 0f;
                activeCounts[j] += positive ? 1f : 0f;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private readonly struct Relu : IUnaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> x) =>
            Vector.ConditionalSelect(Vector.LessThan(x, Vector<float>.Zero), Vector<float>.Zero, x);
    }
}
