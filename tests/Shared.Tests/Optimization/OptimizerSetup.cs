using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

/// <summary>A model's flat buffers on the managed heap, stepped block by block in an order that the test chooses.</summary>
internal sealed class OptimizerSetup
{
    private readonly float[][] _optimizerState;

    public OptimizerSetup(OptimizerSpec spec, ImmutableArray<ParameterView> tensors, int stateLength, long totalSteps = 100)
    {
        Optimizer = Optimizer.Create(spec, tensors, LearnedLengthOf(tensors, stateLength), totalSteps);
        Tensors = tensors;
        Parameters = new float[stateLength];
        Gradient = new float[stateLength];
        _optimizerState = [.. Optimizer.StateNames.Select(_ => new float[stateLength])];
    }

    public Optimizer Optimizer { get; }

    public ImmutableArray<ParameterView> Tensors { get; }

    public float[] Parameters { get; private set; }

    public float[] Gradient { get; }

    public IReadOnlyList<float[]> OptimizerState => _optimizerState;

    /// <summary>The norm of the last step's gradient, penalties included.</summary>
    public double GradientNorm { get; private set; }

    /// <summary>Tensors one after the other, each at the next multiple of 16.</summary>
    public static (ImmutableArray<ParameterView> Tensors, int Length) Layout(params (ParameterKind Kind, int[] Shape)[] shapes)
    {
        var tensors = ImmutableArray.CreateBuilder<ParameterView>();
        int offset = 0;
        foreach ((ParameterKind kind, int[] shape) in shapes)
        {
            tensors.Add(new ParameterView($"tensor{tensors.Count}", kind, [.. shape], offset, tensors.Count / 2));
            offset = (offset + tensors[^1].Length + 15) / 16 * 16;
        }

        return (tensors.ToImmutable(), offset);
    }

    /// <summary>Offset of the first tensor that is not learned; the whole length if every tensor is.</summary>
    public static int LearnedLengthOf(IEnumerable<ParameterView> tensors, int stateLength) =>
        tensors.Where(tensor => !tensor.IsLearned).Select(tensor => tensor.Offset).DefaultIfEmpty(stateLength).Min();

    /// <summary>One step; <paramref name="forEachBlock"/> decides the order and the threads of the blocks.</summary>
    public void Step(long step, Action<int, Action<int>> forEachBlock, bool inPlace = false)
    {
        float[] next = inPlace ? Parameters : (float[])Parameters.Clone();
        StepScalars scalars = Optimizer.Begin(step);
        double[] sums = new double[Optimizer.BlockCount];
        forEachBlock(Optimizer.BlockCount, block => sums[block] = Penalise(block));
        GradientNorm = Optimizer.CombineNorms(sums);
        forEachBlock(Optimizer.BlockCount, block => Update(block, scalars, next));
        if (Optimizer.HasProjection)
        {
            forEachBlock(Optimizer.NeuronCount, neuron => Optimizer.Project(neuron, 1, next));
        }

        Parameters = next;
    }

    public void Step(long step) => Step(step, InOrder);

    public static void InOrder(int count, Action<int> body)
    {
        for (int i = 0; i < count; i++)
        {
            body(i);
        }
    }

    /// <summary>Fills the learned tensors' elements (never the gaps) of <paramref name="buffer"/> in order.</summary>
    public void Fill(float[] buffer, Func<float> next)
    {
        foreach (ParameterView tensor in Tensors)
        {
            foreach (ref float value in tensor.Of(buffer.AsSpan()))
            {
                value = next();
            }
        }
    }

    private double Penalise(int block)
    {
        Range range = Optimizer.BlockRange(block);
        return Optimizer.Penalise(block, Gradient.AsSpan(range), Parameters.AsSpan(range));
    }

    private void Update(int block, StepScalars scalars, float[] next)
    {
        Range range = Optimizer.BlockRange(block);
        Optimizer.Update(block, scalars, GradientNorm, Gradient.AsSpan(range), Parameters.AsSpan(range), SlotsOf(range), next.AsSpan(range));
    }

    private StateSpans SlotsOf(Range range) => new(
        _optimizerState.Length > 0 ? _optimizerState[0].AsSpan(range) : default,
        _optimizerState.Length > 1 ? _optimizerState[1].AsSpan(range) : default);
}
