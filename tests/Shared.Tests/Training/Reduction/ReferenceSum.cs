using NnCluster.Memory;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

/// <summary>The shard tree's sum in the plainest form: halve until one is left, add the halves.</summary>
internal static class ReferenceSum
{
    public static float[] Of(ReadOnlySpan<float[]> leaves)
    {
        if (leaves.Length == 1)
        {
            return leaves[0];
        }

        float[] left = Of(leaves[..(leaves.Length / 2)]);
        float[] right = Of(leaves[(leaves.Length / 2)..]);
        float[] sum = new float[left.Length];
        for (int i = 0; i < sum.Length; i++)
        {
            sum[i] = left[i] + right[i];
        }

        return sum;
    }
}
