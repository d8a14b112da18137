using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

/// <summary>Shapes at and around every edge of the blocking: tile rows, vector widths, panels, chunks, k-blocks.</summary>
internal static class GemmProblems
{
    private static readonly int[] Edges = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15, 16, 17, 23, 24, 25, 31, 32, 33, 47, 48, 49];

    private static readonly int[] Depths = [0, 1, 2, 3, 7, 16, 255, 256, 257, 511, 512, 513];

    private static readonly float[] Factors = [0, 1, -0.5f, 2];

    /// <summary>Each shape with one of the four transposes, sixteen factors and three gaps in turn.</summary>
    public static IEnumerable<GemmProblem> All()
    {
        int turn = 0;
        foreach ((int m, int n, int k) in Shapes())
        {
            for (int transposes = 0; transposes < 4; transposes++)
            {
                yield return new GemmProblem((Transpose)(transposes & 1), (Transpose)(transposes >> 1), m, n, k,
                    Factors[turn % 4], Factors[turn / 4 % 4], turn % 3 * 5);
                turn++;
            }

            turn += 3; // coprime to sixteen: every transpose meets every factor
        }
    }

    private static IEnumerable<(int M, int N, int K)> Shapes()
    {
        foreach (int edge in Edges)
        {
            yield return (edge, 33, 9);
            yield return (13, edge, 10);
            yield return (edge, edge, edge);
        }

        foreach (int depth in Depths)
        {
            yield return (14, 37, depth);
            yield return (1, 1, depth);
        }

        // One and more chunks of columns, and the shapes of a small network's step.
        yield return (5, 255, 3);
        yield return (5, 256, 300);
        yield return (13, 257, 300);
        yield return (3, 600, 20);
        yield return (128, 10, 256);
        yield return (10, 256, 128);
        yield return (128, 256, 10);
        yield return (37, 49, 784);
    }
}
