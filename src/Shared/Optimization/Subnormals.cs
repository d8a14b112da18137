using System.Numerics;
using System.Runtime.CompilerServices;

namespace NnCluster.Optimization;

/// <summary>Flushes subnormal numbers of decaying averages to zero.</summary>
internal static class Subnormals
{
    private const float Grid = 1e-30f;

    /// <summary>
    /// Rounds to a multiple of about 1e-37, the spacing of floats at 1e-30; larger values stay as they are. The average of a
    /// gradient that stays 0 (a dead unit, a pixel that is black in most images) would otherwise decay into the subnormal numbers,
    /// on which some processors are a hundred times slower. The error of 1e-37 is negligible beside any ε.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<float> Flush(Vector<float> average) => average + new Vector<float>(Grid) - new Vector<float>(Grid);
}
