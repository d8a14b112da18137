using System.Runtime.Intrinsics;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>
/// A model of four floats: the value of a shard, the sum of a subtree, and the step. Magnitudes lie far apart, so that another order
/// of additions, or other weights, give other bits.
/// </summary>
internal static class ShardValues
{
    /// <summary>Value of one shard, from the weights of the round.</summary>
    public static Vector128<float> Shard(RoundId round, int shard, Vector128<float> weights)
    {
        ulong bits = SplitMix.Mix(((ulong)round.Step << 20) ^ ((ulong)round.Kind << 16) ^ (ulong)shard);
        Vector128<int> words = Vector128.Create(bits, SplitMix.Mix(bits)).AsInt32();
        Vector128<float> scale = Vector128.Create((float)(1 << (int)(bits & 15)), 1f / 4096, 1, 1f / (1 << (int)(bits & 7)));
        return (Vector128.ConvertToSingle(words >> 8) * scale) + weights;
    }

    /// <summary>Sum of a subtree: left + right, down to the shards.</summary>
    public static Vector128<float> Sum(ReductionTree tree, SubtreeId subtree, RoundId round, Vector128<float> weights) =>
        tree.IsShard(subtree)
            ? Shard(round, subtree.Value - tree.Shards, weights)
            : Sum(tree, subtree.Left, round, weights) + Sum(tree, subtree.Right, round, weights);

    /// <summary>Result of an evaluation: a loss that rises and falls with the step, with ties.</summary>
    public static EvaluationResult Evaluation(RoundId round, int rows) =>
        new(SplitMix.Mix(((ulong)round.Step << 8) ^ (ulong)round.Kind) % 4, 0.5, rows);

    /// <summary>State after a step with a sum.</summary>
    public static SimulatedState Step(SimulatedState state, Vector128<float> sum) => new(
        state.Step + 1,
        (state.Weights * 0.9f) + (sum * (1f / 1024)),
        SplitMix.Mix(SplitMix.Mix(state.Digest ^ sum.AsUInt64()[0]) ^ sum.AsUInt64()[1]));
}

/// <summary>Trained state of the simulated coordinator: the weights, and a digest of all reduced sums.</summary>
internal readonly record struct SimulatedState(long Step, Vector128<float> Weights, ulong Digest);

/// <summary>Content of a checkpoint of the simulated coordinator.</summary>
/// <param name="Trained">The trained state.</param>
/// <param name="Selection">Best evaluation so far.</param>
/// <param name="Kept">The best state; null: none is kept.</param>
internal readonly record struct SimulatedCheckpoint(SimulatedState Trained, SelectionState Selection, SimulatedState? Kept)
{
    /// <summary>Before the first step.</summary>
    public static readonly SimulatedCheckpoint Start = new(default, SelectionState.None, null);
}

/// <summary>The run as one undisturbed processor computes it.</summary>
internal sealed class ReferenceRun(RunSettings settings)
{
    private readonly List<SimulatedState> _states = [default];

    public SimulatedState After(long step)
    {
        while (_states.Count <= step)
        {
            SimulatedState last = _states[^1];
            _states.Add(ShardValues.Step(last, Sum(new(last.Step, RoundKind.Gradient))));
        }

        return _states[(int)step];
    }

    /// <summary>The best evaluation of the whole run and the step after which it ends, by a plain loop over the epochs.</summary>
    public (BestEvaluation? Best, long LastStep) Selected()
    {
        BestEvaluation? best = null;
        for (int epoch = 1; epoch <= settings.EpochEnds.Length && settings.Selection is not null; epoch++)
        {
            long step = settings.EpochEnds[epoch - 1];
            EvaluationResult validation = Evaluate(step, RoundKind.Validation);
            best = best is null || validation.Loss < best.Validation.Loss
                ? new(epoch, step, Evaluate(step, RoundKind.Test), validation)
                : best;
            if (epoch - best.Epoch >= settings.Selection.Patience)
            {
                return (best, step);
            }
        }

        return (best, settings.TotalSteps);
    }

    private EvaluationResult Evaluate(long step, RoundKind kind) =>
        ShardValues.Evaluation(new(step, kind), settings.Trees.Of(kind).Rows);

    public Vector128<float> Sum(RoundId round) =>
        ShardValues.Sum(settings.Trees.Of(round.Kind), SubtreeId.Root, round, After(round.Step).Weights);
}
