using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Optimization;

/// <summary>A small linear congruential generator: the same floats in [-1, 1) on every machine and framework.</summary>
internal sealed class Lcg(int seed)
{
    private ulong _state = (ulong)seed;

    public float Next()
    {
        _state = (_state * 6364136223846793005) + 1442695040888963407;
        return ((_state >> 40) / 8388608f) - 1;
    }
}
