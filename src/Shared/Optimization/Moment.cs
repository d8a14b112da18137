using System.Numerics;
using System.Runtime.CompilerServices;

namespace NnCluster.Optimization;

/// <summary>Keeps decaying averages out of the subnormal numbers.</summary>
internal static class Moment
{
    private const float Grid = 1e-30f;

    /// <summary>
    /// Rounds to a multiple of about 1e-37 (the spacing of floats at 1e-30), which leaves everything above 1e-30 as it
    /// is. The average of a gradient that stays 0 (a dead unit, a pixel black in most images) would otherwise decay into
    /// the subnormal numbers and never leave them, and some processors take a hundred times longer over those. An error
    /// of 1e-37 is nothing beside any ε.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<float> Quantised(Vector<float> moment) => moment + new Vector<float>(Grid) - new Vector<float>(Grid);
}
