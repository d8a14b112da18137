using System.Numerics;
using System.Runtime.InteropServices;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>
/// Inverted dropout (Srivastava et al. 2014): a value is kept with probability 1 − rate and scaled by 1 / (1 − rate), so
/// evaluation needs no scaling. The decision is a function of (seed, step, site, row of the minibatch, unit) alone.
/// </summary>
/// <remarks>
/// The two halves of a random word decide about two units: with h = ⌈units / 2⌉, word row·h + j of the stream of (site, step)
/// keeps unit j if its lower 16 bits are at least rate·2¹⁶, and unit h + j if its upper 16 bits are. The rate is rounded to
/// a multiple of 2⁻¹⁶ and the scale is that of the rounded rate, so expectations are exact.
/// </remarks>
internal sealed class DropoutLayer : IDisposable
{
    private readonly int _site;
    private readonly int _units;
    private readonly int _rowWords;
    private readonly uint _threshold;
    private readonly float _scale;
    private readonly uint[] _words;
    private readonly AlignedBuffer _mask;
    private readonly AlignedBuffer _outputs;

    /// <summary>Allocates masks and outputs.</summary>
    /// <param name="rate">Fraction dropped, in (0, 1).</param>
    /// <param name="site">0 on the input, 1 + the layer's index after a hidden layer.</param>
    /// <param name="units">Columns.</param>
    /// <param name="maxRows">Largest number of rows of a pass.</param>
    public DropoutLayer(float rate, int site, int units, int maxRows)
    {
        _site = site;
        _units = units;
        _rowWords = (units + 1) / 2;
        _threshold = Threshold(rate);
        _scale = 65536f / (65536 - _threshold);
        _words = new uint[checked(maxRows * _rowWords)];
        _mask = new(checked(maxRows * units));
        _outputs = new(checked(maxRows * units));
    }

    /// <summary>rate·2¹⁶, rounded, at most 65535. A half word below it drops its unit.</summary>
    public static uint Threshold(float rate) => Math.Min((uint)((rate * 65536.0) + 0.5), 65535);

    /// <summary>Returns values·mask (rows, units) in the layer's own buffer.</summary>
    /// <exception cref="BadInputException">The minibatch has more rows than the random stream has words for.</exception>
    public ReadOnlySpan<float> Forward(ShardPass pass, ReadOnlySpan<float> values)
    {
        Span<float> mask = _mask.Span[..values.Length];
        FillMask(pass, mask);
        Span<float> outputs = _outputs.Span[..values.Length];
        RowMath.Multiply(values, mask, outputs);
        return outputs;
    }

    /// <summary>The result of the last <see cref="Forward"/>.</summary>
    public ReadOnlySpan<float> Outputs(int rows) => _outputs.Span[..(rows * _units)];

    /// <summary>dValues ← dValues·mask.</summary>
    public void Backward(Span<float> dValues) => RowMath.Multiply(dValues, _mask.Span[..dValues.Length], dValues);

    /// <inheritdoc/>
    public void Dispose()
    {
        _mask.Dispose();
        _outputs.Dispose();
    }

    private void FillMask(ShardPass pass, Span<float> mask)
    {
        long rows = (long)pass.FirstRow + pass.Rows;
        if (rows * _rowWords > CounterRandom.Length)
        {
            throw new BadInputException(
                $"dropout over {_units} units can serve batches of up to {CounterRandom.Length / _rowWords} rows, "
                + $"not {rows}; take smaller batches");
        }

        Span<uint> words = _words.AsSpan(0, pass.Rows * _rowWords);
        CounterRandom stream = new(pass.Seed, RandomStream.Dropout, (uint)_site, (ulong)pass.Step);
        stream.Fill(words, pass.FirstRow * _rowWords);
        for (int row = 0; row < pass.Rows; row++)
        {
            FillRow(words.Slice(row * _rowWords, _rowWords), mask.Slice(row * _units, _units));
        }
    }

    private void FillRow(ReadOnlySpan<uint> words, Span<float> mask)
    {
        Vector<uint> threshold = new(_threshold);
        Vector<uint> lowHalf = new(0xFFFFu);
        Vector<float> scale = new(_scale);
        ref uint word = ref MemoryMarshal.GetReference(words);
        ref float first = ref MemoryMarshal.GetReference(mask);
        int upper = _units - _rowWords;
        int j = 0;
        for (; j <= upper - Vector<uint>.Count; j += Vector<uint>.Count)
        {
            Vector<uint> both = Vector.LoadUnsafe(ref word, (nuint)j);
            (Vector.GreaterThanOrEqual(both & lowHalf, threshold).As<uint, float>() & scale).StoreUnsafe(ref first, (nuint)j);
            (Vector.GreaterThanOrEqual(both >>> 16, threshold).As<uint, float>() & scale).StoreUnsafe(ref first, (nuint)(_rowWords + j));
        }

        for (; j < _rowWords; j++)
        {
            mask[j] = (words[j] & 0xFFFF) >= _threshold ? _scale : 0f;
            if (j < upper)
            {
                mask[_rowWords + j] = words[j] >> 16 >= _threshold ? _scale : 0f;
            }
        }
    }
}
