using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

/// <summary>
/// The model's definition in double precision, one scalar at a time and forward only. Tests compare the fast network's
/// values with it and, by differences, its gradients.
/// </summary>
internal sealed class ReferenceNetwork(ModelSpec spec)
{
    private readonly ParameterLayout _layout = ParameterLayout.For(spec);

    /// <summary>The sum of the rows' losses in training (statistics of the shard, noise, dropout) or evaluation.</summary>
    public double Loss(in ShardRows rows, double[] state, bool training)
    {
        double[][] outputs = Forward(rows, state, training);
        double sum = 0;
        for (int i = 0; i < outputs.Length; i++)
        {
            double weight = rows.Labels.IsEmpty ? 1 : spec.ClassWeights?[rows.Labels[i]] ?? 1;
            sum += weight * (spec.Loss == LossKind.CrossEntropy
                ? -Math.Log(Math.Max(outputs[i][rows.Labels[i]], spec.ClipProbability ?? 0))
                : SquaredError(rows, i, outputs[i]));
        }

        return sum;
    }

    /// <summary>Probabilities or linear outputs, row by row.</summary>
    public double[][] Forward(in ShardRows rows, double[] state, bool training)
    {
        double[][] x = new double[rows.Count][];
        for (int i = 0; i < x.Length; i++)
        {
            x[i] = Array.ConvertAll(rows.Features.Slice(i * spec.Inputs, spec.Inputs).ToArray(), value => (double)value);
        }

        if (training && spec.InputNoise > 0f)
        {
            AddNoise(rows, x);
        }

        Drop(rows, x, spec.InputDropout, 0, training);
        for (int layer = 0; layer < spec.Hidden.Length; layer++)
        {
            x = Dense(x, state, layer);
            HiddenLayer hidden = spec.Hidden[layer];
            if (hidden.BatchNorm)
            {
                Normalise(x, state, layer, training);
            }

            double slope = hidden.Activation == ActivationKind.Prelu ? Values(ParameterKind.Slope, layer, state)[0] : hidden.Slope ?? 0.01f;
            x = Array.ConvertAll(x, row => Array.ConvertAll(row, value => Activate(hidden.Activation!.Value, slope, value)));
            Drop(rows, x, hidden.Dropout, layer + 1, training);
        }

        x = Dense(x, state, spec.Hidden.Length);
        return spec.Loss == LossKind.CrossEntropy ? Array.ConvertAll(x, SoftMax) : x;
    }

    /// <summary>The catalogue's formulas.</summary>
    public static double Activate(ActivationKind kind, double slope, double x) => kind switch
    {
        ActivationKind.Relu => Math.Max(0, x),
        ActivationKind.Sigmoid => 1 / (1 + Math.Exp(-x)),
        ActivationKind.Tanh => (Math.Exp(x) - Math.Exp(-x)) / (Math.Exp(x) + Math.Exp(-x)),
        _ => x > 0 ? x : slope * x,
    };

    /// <summary>
    /// Whether dropout keeps a unit: the lower halves of a row's words decide about its first ⌈units / 2⌉ units, the upper
    /// halves about the rest.
    /// </summary>
    public static bool Keeps(float rate, ulong seed, long step, int site, int row, int units, int unit)
    {
        CounterRandom stream = new(seed, RandomStream.Dropout, (uint)site, (ulong)step);
        int rowWords = (units + 1) / 2;
        uint word = stream.Word((row * rowWords) + (unit % rowWords));
        return (unit < rowWords ? word & 0xFFFF : word >> 16) >= KeptFrom(rate);
    }

    /// <summary>
    /// The standard normal number of an input: a row's first ⌈inputs / 32⌉·16 words give the radii, as many more the angles; the
    /// cosines are the noise of the first inputs, the sines that of the rest.
    /// </summary>
    public static double Noise(ulong seed, long step, int row, int inputs, int input)
    {
        CounterRandom stream = new(seed, RandomStream.InputNoise, B: (ulong)step);
        int pairs = (inputs + 31) / 32 * 16;
        int pair = (row * 2 * pairs) + (input % pairs);
        (double cosine, double sine) = VectorNormalTests.Pair(stream.Word(pair), stream.Word(pair + pairs));
        return input < pairs ? cosine : sine;
    }

    /// <summary>Scale of kept units: the inverse of the keep probability, a multiple of 2⁻¹⁶.</summary>
    public static double Scale(float rate) => 65536 / (65536 - KeptFrom(rate));

    private static double KeptFrom(float rate) => Math.Round(rate * 65536.0);

    private static double[] SoftMax(double[] logits)
    {
        double max = logits.Max();
        double[] exponentials = Array.ConvertAll(logits, value => Math.Exp(value - max));
        double sum = exponentials.Sum();
        return Array.ConvertAll(exponentials, value => value / sum);
    }

    private static double SquaredError(in ShardRows rows, int row, double[] outputs)
    {
        double sum = 0;
        for (int j = 0; j < outputs.Length; j++)
        {
            double target = rows.Labels.IsEmpty ? rows.Targets[(row * outputs.Length) + j] : rows.Labels[row] == j ? 1 : 0;
            sum += (outputs[j] - target) * (outputs[j] - target);
        }

        return sum / outputs.Length;
    }

    private static void Drop(in ShardRows rows, double[][] x, float rate, int site, bool training)
    {
        if (!training || rate == 0f)
        {
            return;
        }

        for (int i = 0; i < x.Length; i++)
        {
            for (int j = 0; j < x[i].Length; j++)
            {
                x[i][j] = Keeps(rate, rows.Seed, rows.Step, site, rows.FirstRow + i, x[i].Length, j) ? x[i][j] * Scale(rate) : 0;
            }
        }
    }

    private void AddNoise(in ShardRows rows, double[][] x)
    {
        for (int i = 0; i < x.Length; i++)
        {
            for (int j = 0; j < x[i].Length; j++)
            {
                x[i][j] += spec.InputNoise * Noise(rows.Seed, rows.Step, rows.FirstRow + i, x[i].Length, j);
            }
        }
    }

    private double[][] Dense(double[][] x, double[] state, int layer)
    {
        double[] weights = Values(ParameterKind.Weight, layer, state);
        double[] biases = Values(ParameterKind.Bias, layer, state);
        return Array.ConvertAll(x, row =>
        {
            double[] z = (double[])biases.Clone();
            for (int j = 0; j < z.Length; j++)
            {
                for (int k = 0; k < row.Length; k++)
                {
                    z[j] += weights[(j * row.Length) + k] * row[k];
                }
            }

            return z;
        });
    }

    private void Normalise(double[][] x, double[] state, int layer, bool training)
    {
        double[] scale = Values(ParameterKind.Scale, layer, state);
        double[] shift = Values(ParameterKind.Shift, layer, state);
        for (int j = 0; j < scale.Length; j++)
        {
            double mean = training ? x.Average(row => row[j]) : Values(ParameterKind.RunningMean, layer, state)[j];
            double variance = training
                ? x.Average(row => (row[j] - mean) * (row[j] - mean))
                : Values(ParameterKind.RunningVariance, layer, state)[j];
            foreach (double[] row in x)
            {
                row[j] = (scale[j] * (row[j] - mean) / Math.Sqrt(variance + 1e-5)) + shift[j];
            }
        }
    }

    private double[] Values(ParameterKind kind, int layer, double[] state)
    {
        ParameterView view = _layout.Find(kind, layer);
        return state[view.Offset..(view.Offset + view.Length)];
    }
}
