// Stands in for NnCluster.Numerics until that has these types; same shapes, not portable bits.
namespace NnCluster.Model;

internal static class VectorMath
{
    public static void Exp(ReadOnlySpan<float> source, Span<float> destination) => Map(MathF.Exp, source, destination);
    public static void Log(ReadOnlySpan<float> source, Span<float> destination) => Map(MathF.Log, source, destination);
    public static void Tanh(ReadOnlySpan<float> source, Span<float> destination) => Map(MathF.Tanh, source, destination);
    public static void Sigmoid(ReadOnlySpan<float> source, Span<float> destination) => Map(x => 1f / (1f + MathF.Exp(-x)), source, destination);
    private static void Map(Func<float, float> f, ReadOnlySpan<float> source, Span<float> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            destination[i] = f(source[i]);
        }
    }
}

internal enum RandomStream { Permutation, Dropout, Initialization, SyntheticData }

internal static class CounterRandom
{
    public static void Fill(ulong seed, RandomStream purpose, uint a, ulong b, ulong start, Span<uint> words)
    {
        for (int i = 0; i < words.Length; i++)
        {
            ulong x = seed + ((ulong)purpose * 77) + (a * 7919UL) + (b * 104729) + ((start + (ulong)i) * 0x9E3779B97F4A7C15);
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
            words[i] = (uint)((x ^ (x >> 31)) >> 32);
        }
    }
}

internal static class NormalSampler
{
    public static void Fill(ulong seed, RandomStream purpose, uint a, Span<float> values)
    {
        uint[] w = new uint[2 * values.Length];
        CounterRandom.Fill(seed, purpose, a, 0, 0, w);
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(Math.Sqrt(-2 * Math.Log((w[2 * i] + 0.5) / 4294967296.0)) * Math.Cos(2 * Math.PI * w[(2 * i) + 1] / 4294967296.0));
        }
    }
}
