using NnCluster.Memory;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

/// <summary>The sum of the reduction tree by plain recursion: sum(shards) = sum(first half) + sum(second half).</summary>
internal static class ReferenceSum
{
    public static float[] Of(ReadOnlySpan<float[]> shards)
    {
        if (shards.Length == 1)
        {
            return shards[0];
        }

        float[] left = Of(shards[..(shards.Length / 2)]);
        float[] right = Of(shards[(shards.Length / 2)..]);
        float[] sum = new float[left.Length];
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] = left[i] + right[i];
        }

        return sum;
    }
}
