using System.Numerics;
using System.Runtime.CompilerServices;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>
/// Gaussian noise of mean 0 added to every input in training (Bishop 1995, "Training with noise is equivalent to Tikhonov
/// regularization"). The noise of a value is a function of (seed, step, row of the minibatch, input) alone.
/// </summary>
/// <remarks>
/// With h = 16·⌈inputs / 32⌉, a row takes 2h words of the stream of the step: words row·2h + j and row·2h + h + j give, by
/// <see cref="VectorNormal"/>, the noise of input j by the cosine and that of input h + j by the sine.
/// </remarks>
internal sealed class InputNoiseLayer : IDisposable
{
    private readonly ScaledSum _addNoise;
    private readonly int _inputs;
    private readonly int _pairs;
    private readonly uint[] _words;
    private readonly float[] _normals;
    private readonly AlignedBuffer _outputs;

    /// <summary>Allocates the noise of a row and the outputs.</summary>
    /// <param name="deviation">Standard deviation, above 0.</param>
    /// <param name="inputs">Columns.</param>
    /// <param name="maxRows">Largest number of rows of a pass.</param>
    public InputNoiseLayer(float deviation, int inputs, int maxRows)
    {
        const int RowGranularity = 2 * VectorNormal.Granularity;
        _addNoise = new(deviation);
        _inputs = inputs;
        _pairs = (int)(((long)inputs + RowGranularity - 1) / RowGranularity) * VectorNormal.Granularity;
        _words = new uint[checked(2 * _pairs)];
        _normals = new float[2 * _pairs];
        _outputs = new(checked(maxRows * inputs));
    }

    /// <summary>Returns features + noise (rows, inputs) in the layer's own buffer.</summary>
    /// <exception cref="BadInputException">The minibatch has more rows than the random stream has words for.</exception>
    public ReadOnlySpan<float> Forward(ShardPass pass, ReadOnlySpan<float> features)
    {
        long rows = (long)pass.FirstRow + pass.Rows;
        if (rows * _words.Length > CounterRandom.Length)
        {
            throw new BadInputException(
                $"input noise on {_inputs} inputs can serve batches of up to {CounterRandom.Length / _words.Length} rows, "
                + $"not {rows}; take smaller batches");
        }

        CounterRandom stream = new(pass.Seed, RandomStream.InputNoise, B: (ulong)pass.Step);
        Span<float> outputs = _outputs.Span[..features.Length];
        for (int row = 0; row < pass.Rows; row++)
        {
            stream.Fill(_words, (pass.FirstRow + row) * _words.Length);
            VectorNormal.Transform(_words.AsSpan(0, _pairs), _words.AsSpan(_pairs), _normals.AsSpan(0, _pairs), _normals.AsSpan(_pairs));
            int start = row * _inputs;
            RowMath.Apply(_addNoise, features.Slice(start, _inputs), _normals.AsSpan(0, _inputs), outputs.Slice(start, _inputs));
        }

        return outputs;
    }

    /// <inheritdoc/>
    public void Dispose() => _outputs.Dispose();

    /// <summary>x + deviation·z; product and sum are rounded separately.</summary>
    private readonly struct ScaledSum(float deviation) : IBinaryOperator
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector<float> Invoke(Vector<float> x, Vector<float> z) => x + (z * deviation);
    }
}
