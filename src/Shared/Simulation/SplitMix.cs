namespace NnCluster.Simulation;

/// <summary>Random words from a seed, the same on any platform (SplitMix64; Steele, Lea and Flood 2014).</summary>
internal sealed class SplitMix(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The generator's output function: a bijection that scrambles 64 bits.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Uniform() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in 0 … bound − 1.</summary>
    public int Below(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>Uniform in least … most.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    /// <summary>Uniform in [0, <paramref name="most"/>).</summary>
    public TimeSpan Time(TimeSpan most) => most * Uniform();

    private ulong Next() => Mix(_state += 0x9E3779B97F4A7C15);
}
