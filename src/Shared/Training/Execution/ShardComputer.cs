using System.Numerics.Tensors;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>
/// Computes sums over shards: gathers their rows, runs the model, and adds up every subtree that lies wholly inside the
/// assigned range. One thread uses it; in the steady state it allocates nothing except its messages.
/// </summary>
public sealed class ShardComputer : IDisposable
{
    // Rows of an evaluation at a time. It decides bits: the losses of these rows are added in double precision and rounded once.
    private const int EvaluationRows = 256;

    private readonly RunSpec _spec;
    private readonly Dataset _data;
    private readonly IModel _model;
    private readonly BatchPlan _plan;
    private readonly RoundTrees _trees;
    private readonly BufferPool _gradients;
    private readonly BufferPool _evaluations;
    private readonly AlignedBuffer _features;
    private readonly int[] _rows;
    private readonly int[] _labels;
    private readonly float[] _targets;
    private long _loadedStep = -1;

    /// <summary>A computer for one thread of one worker.</summary>
    /// <param name="spec">The run.</param>
    /// <param name="data">Its data set without the validation rows.</param>
    /// <param name="blas">The backend whose arithmetic the run declares.</param>
    /// <param name="gradients">Buffers of the layout's gradient length.</param>
    /// <param name="evaluations">Buffers of the layout's evaluation length.</param>
    public ShardComputer(RunSpec spec, Dataset data, IBlas blas, BufferPool gradients, BufferPool evaluations)
    {
        int maxRows = Math.Max(spec.MinibatchTree.MaxShardRows, EvaluationRows);
        _spec = spec;
        _data = data;
        _model = spec.Model.CreateModel(blas, maxRows);
        _plan = spec.PlanFor(data);
        _trees = spec.TreesFor(data);
        _gradients = gradients;
        _evaluations = evaluations;
        _features = new AlignedBuffer(maxRows * data.Features);
        _rows = new int[maxRows];
        _labels = new int[maxRows];
        _targets = new float[maxRows * data.Targets];
    }

    /// <summary>
    /// Computes the shards of <paramref name="work"/>. Calls <paramref name="send"/> for each maximal subtree as soon as its
    /// partial sum is complete; the sum's only reference passes to it. Does not release the model state.
    /// </summary>
    public void Compute(ComputeShards work, Action<SubtreeId, RefCountedBuffer> send)
    {
        ReadOnlySpan<float> state = work.ModelState.Span;
        if (_loadedStep != work.Round.Step)
        {
            _model.Load(state);
            _loadedStep = work.Round.Step;
        }

        ReductionTree tree = _trees.Of(work.Round.Kind);
        BufferPool pool = work.Round.Kind == RoundKind.Gradient ? _gradients : _evaluations;
        foreach (SubtreeId subtree in tree.SubtreesOf(work.Shards))
        {
            RefCountedBuffer sum = pool.Rent();
            ComputeSubtree(work.Round, tree, subtree, state, sum.Span, pool);
            send(subtree, sum);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _features.Dispose();
    }

    // Sum = left + right. A right shard is added while it is computed; a larger right subtree gets a buffer of its own.
    private void ComputeSubtree(RoundId round, ReductionTree tree, SubtreeId subtree, ReadOnlySpan<float> state, Span<float> sum, BufferPool pool)
    {
        if (tree.IsShard(subtree))
        {
            ComputeShard(round, tree, tree.ShardsOf(subtree).Start, state, sum, accumulate: false);
            return;
        }

        ComputeSubtree(round, tree, subtree.Left, state, sum, pool);
        if (tree.IsShard(subtree.Right))
        {
            ComputeShard(round, tree, tree.ShardsOf(subtree.Right).Start, state, sum, accumulate: true);
            return;
        }

        RefCountedBuffer right = pool.Rent();
        ComputeSubtree(round, tree, subtree.Right, state, right.Span, pool);
        TensorPrimitives.Add(sum, right.Span, sum);
        right.Release();
    }

    private void ComputeShard(RoundId round, ReductionTree tree, int shard, ReadOnlySpan<float> state, Span<float> sum, bool accumulate)
    {
        int first = tree.FirstRow(shard);
        int count = tree.RowsOf(shard);
        if (round.Kind == RoundKind.Gradient)
        {
            _plan.RowsOf(round.Step, first, count, _rows);
            _model.ComputeGradient(Gather(_data.Train, first, count, round.Step), state, sum, accumulate);
            return;
        }

        DataSplit split = round.Kind == RoundKind.Test ? _data.Test : _data.Validation;
        for (int done = 0; done < count; done += EvaluationRows)
        {
            int rows = Math.Min(EvaluationRows, count - done);
            for (int i = 0; i < rows; i++)
            {
                _rows[i] = first + done + i;
            }

            _model.Evaluate(Gather(split, first + done, rows, round.Step), state, sum, accumulate || done > 0);
        }
    }

    private ShardRows Gather(DataSplit split, int firstRow, int count, long step)
    {
        ReadOnlySpan<int> rows = _rows.AsSpan(0, count);
        Span<float> features = _features.Span[..(count * _data.Features)];
        split.Gather(rows, features);
        Span<int> labels = _data.Classes > 0 ? _labels.AsSpan(0, count) : [];
        Span<float> targets = _targets.AsSpan(0, count * _data.Targets);
        if (_data.Classes > 0)
        {
            split.GatherLabels(rows, labels);
        }
        else
        {
            split.GatherTargets(rows, targets);
        }

        return new ShardRows
        {
            Count = count,
            Features = features,
            Labels = labels,
            Targets = targets,
            Seed = _spec.Seed,
            Step = step,
            FirstRow = firstRow,
        };
    }
}
