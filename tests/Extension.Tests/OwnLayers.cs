using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Extension.Tests;

/// <summary>A kind of layer that NnCluster does not have: y = factor·x with a fixed factor.</summary>
public sealed record FixedScaleSpec : LayerSpec
{
    public required float Factor { get; init; }

    public override void Validate(string path)
    {
        if (!float.IsFinite(Factor))
        {
            throw new BadInputException($"{path}.factor must be a finite number, not {Factor}");
        }
    }

    public override IInPlaceLayer Create(PlacedLayer placed, int maxRows) => new FixedScaleLayer(Factor);
}

/// <summary>A kind of layer with a learned tensor: y[j] = gain[j]·x[j], one gain a unit.</summary>
public sealed record GainSpec : LayerSpec
{
    public override ImmutableArray<ParameterDefinition> Parameters(int units) =>
        [new("weight", ParameterKind.Scale, [units], Initialization.Constant(1f))];

    public override IInPlaceLayer Create(PlacedLayer placed, int maxRows) => new GainLayer(placed.Tensors[0], maxRows);
}

/// <summary>Soft-max regression in plain loops: a kind of model that NnCluster does not have. Its parameters are one tensor.</summary>
public sealed record PlainRegressionSpec : ArchitectureSpec
{
    public override IEnumerable<LayerDefinition> Define(ModelSpec spec) =>
    [
        new("plain", Block: 0, spec.Outputs,
            [new("weight", ParameterKind.Weight, [spec.Outputs, spec.Inputs], Initialization.Constant(0f))]),
    ];

    public override IModel CreateModel(ModelSpec spec, IBlas blas, int maxRows) => new PlainRegression(spec);
}

internal static class OwnKinds
{
    public static void Register()
    {
        LayerKinds.Register<FixedScaleSpec>("fixed-scale");
        LayerKinds.Register<GainSpec>("gain");
        Architectures.Register<PlainRegressionSpec>("plain-regression");
    }
}

internal sealed class FixedScaleLayer(float factor) : IInPlaceLayer
{
    public bool ReadsOutputs => false;

    public void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values) => Scale(values);

    public void Backward(
        ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient) =>
        Scale(dValues);

    public void Dispose()
    {
    }

    private void Scale(Span<float> values)
    {
        foreach (ref float value in values)
        {
            value *= factor;
        }
    }
}

internal sealed class GainLayer(ParameterView gain, int maxRows) : IInPlaceLayer
{
    private readonly float[] _inputs = new float[maxRows * gain.Length];

    public bool ReadsOutputs => false;

    public void Forward(ShardPass pass, ReadOnlySpan<float> state, Span<float> values)
    {
        values.CopyTo(_inputs);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] *= gain.Of(state)[i % gain.Length];
        }
    }

    public void Backward(ShardPass pass, ReadOnlySpan<float> state, ReadOnlySpan<float> outputs, Span<float> dValues, Span<float> gradient)
    {
        Span<float> dGain = gain.Of(gradient);
        dGain.Clear();
        for (int i = 0; i < dValues.Length; i++)
        {
            float product = dValues[i] * _inputs[i];
            dGain[i % dGain.Length] += product;
            dValues[i] *= gain.Of(state)[i % gain.Length];
        }
    }

    public void Dispose()
    {
    }
}

internal sealed class PlainRegression(ModelSpec spec) : IModel
{
    public ParameterLayout Layout { get; } = ParameterLayout.For(spec);

    public void Load(ReadOnlySpan<float> state)
    {
    }

    public void ComputeGradient(in ShardRows rows, ReadOnlySpan<float> state, Span<float> sum, bool accumulate)
    {
        float[] shard = new float[Layout.GradientLength];
        for (int row = 0; row < rows.Count; row++)
        {
            ReadOnlySpan<float> x = rows.Features.Slice(row * spec.Inputs, spec.Inputs);
            double[] p = Probabilities(x, state);
            shard[Layout.LossOffset] += (float)-Math.Log(p[rows.Labels[row]]);
            shard[Layout.CorrectOffset] += p.AsSpan().IndexOf(p.Max()) == rows.Labels[row] ? 1 : 0;
            for (int i = 0; i < spec.Outputs * spec.Inputs; i++)
            {
                int output = i / spec.Inputs;
                shard[i] += (float)(p[output] - (output == rows.Labels[row] ? 1 : 0)) * x[i % spec.Inputs];
            }
        }

        Put(shard, sum, accumulate);
    }

    public void Evaluate(in ShardRows rows, ReadOnlySpan<float> state, Span<float> metrics, bool accumulate)
    {
        float[] shard = new float[Layout.EvaluationLength];
        for (int row = 0; row < rows.Count; row++)
        {
            double[] p = Probabilities(rows.Features.Slice(row * spec.Inputs, spec.Inputs), state);
            int predicted = p.AsSpan().IndexOf(p.Max());
            shard[0] += (float)-Math.Log(p[rows.Labels[row]]);
            shard[1] += predicted == rows.Labels[row] ? 1 : 0;
            shard[ParameterLayout.ConfusionOffset + (rows.Labels[row] * spec.Outputs) + predicted]++;
        }

        Put(shard, metrics, accumulate);
    }

    public void Predict(ReadOnlySpan<float> features, int rows, ReadOnlySpan<float> state, Span<float> outputs)
    {
        for (int row = 0; row < rows; row++)
        {
            double[] p = Probabilities(features.Slice(row * spec.Inputs, spec.Inputs), state);
            Array.ConvertAll(p, value => (float)value).CopyTo(outputs[(row * spec.Outputs)..]);
        }
    }

    public void Dispose()
    {
    }

    private static void Put(float[] shard, Span<float> sum, bool accumulate)
    {
        for (int i = 0; i < shard.Length; i++)
        {
            sum[i] = accumulate ? sum[i] + shard[i] : shard[i];
        }
    }

    private double[] Probabilities(ReadOnlySpan<float> x, ReadOnlySpan<float> state)
    {
        double[] exponentials = new double[spec.Outputs];
        for (int i = 0; i < spec.Outputs * spec.Inputs; i++)
        {
            exponentials[i / spec.Inputs] += state[i] * x[i % spec.Inputs];
        }

        exponentials = Array.ConvertAll(exponentials, Math.Exp);
        double sum = exponentials.Sum();
        return Array.ConvertAll(exponentials, value => value / sum);
    }
}
