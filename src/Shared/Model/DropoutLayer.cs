using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>
/// Inverted dropout (Srivastava et al. 2014): a value is kept with probability 1 − rate and scaled by 1 / (1 − rate), so
/// evaluation needs no scaling. Whether it is kept is a function of (seed, step, site, row of the minibatch, unit) alone.
/// </summary>
/// <param name="rate">The fraction dropped, in (0, 1).</param>
/// <param name="site">0 on the input, 1 + the layer's index after a hidden layer.</param>
/// <param name="units">Columns.</param>
/// <param name="maxRows">Rows at most.</param>
internal sealed class DropoutLayer(float rate, int site, int units, int maxRows) : IDisposable
{
    // A word is dropped below this: P = rate, to within 2⁻³².
    private readonly uint _threshold = (uint)(rate * 4294967296.0);
    private readonly float _scale = 1f / (1f - rate);
    private readonly AlignedBuffer _mask = new(checked(maxRows * units));
    private readonly AlignedBuffer _outputs = new(checked(maxRows * units));

    /// <summary>Returns values·mask, (rows, units), in the layer's own buffer.</summary>
    public ReadOnlySpan<float> Forward(LeafPass pass, ReadOnlySpan<float> values)
    {
        Span<float> mask = _mask.Span[..values.Length];
        FillMask(pass, mask);
        Span<float> outputs = _outputs.Span[..values.Length];
        values.CopyTo(outputs);
        RowMath.Multiply(mask, outputs);
        return outputs;
    }

    /// <summary>What <see cref="Forward"/> returned last.</summary>
    public ReadOnlySpan<float> Outputs(int rows) => _outputs.Span[..(rows * units)];

    /// <summary>dValues ← dValues·mask.</summary>
    public void Backward(Span<float> dValues) => RowMath.Multiply(_mask.Span[..dValues.Length], dValues);

    /// <inheritdoc/>
    public void Dispose()
    {
        _mask.Dispose();
        _outputs.Dispose();
    }

    private void FillMask(LeafPass pass, Span<float> mask)
    {
        // The words of a site and step are numbered row by row over the whole minibatch, so a leaf is one run of them.
        long rows = (long)pass.FirstRow + pass.Rows;
        if (rows * units > CounterRandom.Length)
        {
            throw new BadInputException(
                $"dropout over {units} units can serve batches of up to {CounterRandom.Length / units} rows, not {rows}; take smaller batches");
        }

        CounterRandom stream = new(pass.Seed, RandomStream.Dropout, (uint)site, (ulong)pass.Step);
        stream.Fill(MemoryMarshal.Cast<float, uint>(mask), pass.FirstRow * units);
        RowMath.Apply(new Keep(_threshold, _scale), mask, mask);
    }

    /// <summary>The scale where the word, read from the bits of x, reaches the threshold; 0 elsewhere.</summary>
    private readonly struct Keep(uint threshold, float scale) : IUnaryOperator
    {
        private readonly Vector<uint> _threshold = new(threshold);
        private readonly Vector<float> _scale = new(scale);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> x) => Vector.GreaterThanOrEqual(x.As<float, uint>(), _threshold).As<uint, float>() & _scale;
    }
}
