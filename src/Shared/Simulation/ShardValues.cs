using System.Runtime.Intrinsics;
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

    /// <summary>State after a step with a sum.</summary>
    public static SimulatedState Step(SimulatedState state, Vector128<float> sum) => new(
        state.Step + 1,
        (state.Weights * 0.9f) + (sum * (1f / 1024)),
        SplitMix.Mix(SplitMix.Mix(state.Digest ^ sum.AsUInt64()[0]) ^ sum.AsUInt64()[1]));
}

/// <summary>State of the simulated coordinator: the weights, and a digest of all reduced sums.</summary>
internal readonly record struct SimulatedState(long Step, Vector128<float> Weights, ulong Digest);

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

    public Vector128<float> Sum(RoundId round) =>
        ShardValues.Sum(settings.Trees.Of(round.Kind), SubtreeId.Root, round, After(round.Step).Weights);
}
