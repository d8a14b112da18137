using System.Numerics.Tensors;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>
/// Computes the sums over shards: gathers their rows, runs the network, and adds up every sub-tree that lies wholly in
/// the range it was given. Used by one thread; in the steady state it allocates nothing but its messages.
/// </summary>
public sealed class ShardComputer : IDisposable
{
    // Part of the arithmetic: the losses of so many rows are added in double precision and rounded once.
    private const int EvaluationRows = 256;

    private readonly RunSpec _spec;
    private readonly Dataset _data;
    private readonly Network _network;
    private readonly BatchPlan _plan;
    private readonly BufferPool _gradients;
    private readonly BufferPool _evaluations;
    private readonly AlignedBuffer _features;
    private readonly int[] _rows;
    private readonly int[] _labels;
    private readonly float[] _targets;
    private long _loadedStep = -1;

    /// <summary>A computer for one thread of one worker.</summary>
    /// <param name="spec">The run.</param>
    /// <param name="data">Its data set, validation rows already held out.</param>
    /// <param name="blas">The backend whose arithmetic the run declares.</param>
    /// <param name="gradients">Buffers of the layout's gradient length.</param>
    /// <param name="evaluations">Buffers of the layout's evaluation length.</param>
    public ShardComputer(RunSpec spec, Dataset data, IBlas blas, BufferPool gradients, BufferPool evaluations)
    {
        int maxRows = Math.Max(spec.MinibatchTree.MaxShardRows, EvaluationRows);
        _spec = spec;
        _data = data;
        _network = new Network(spec.Model, blas, maxRows);
        _plan = spec.PlanFor(data);
        _gradients = gradients;
        _evaluations = evaluations;
        _features = new AlignedBuffer(maxRows * data.Features);
        _rows = new int[maxRows];
        _labels = new int[maxRows];
        _targets = new float[maxRows * data.Targets];
    }

    /// <summary>
    /// Computes the shards of <paramref name="work"/> and hands over the sum of each maximal subtree, with its only
    /// reference, as soon as it is there. Releases nothing of the work.
    /// </summary>
    public void Compute(ShardWork work, Action<SubtreeId, RefCountedBuffer> send)
    {
        ReadOnlySpan<float> state = work.Parameters.Span;
        if (_loadedStep != work.Round.Step)
        {
            _network.Load(state);
            _loadedStep = work.Round.Step;
        }

        ReductionTree tree = TreeOf(work.Round.Kind);
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
        _network.Dispose();
        _features.Dispose();
    }

    // subtree = left + right: a right shard is added while it is computed, anything larger in a buffer of its own.
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
            _network.ComputeGradient(Gather(_data.Train, first, count, round.Step), state, sum, accumulate);
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

            _network.Evaluate(Gather(split, first + done, rows, round.Step), state, sum, accumulate || done > 0);
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

    private ReductionTree TreeOf(RoundKind kind) => kind switch
    {
        RoundKind.Gradient => _spec.MinibatchTree,
        RoundKind.Test => RunSpec.EvaluationTree(_data.Test.Rows),
        RoundKind.Validation => RunSpec.EvaluationTree(_data.Validation.Rows),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };
}
