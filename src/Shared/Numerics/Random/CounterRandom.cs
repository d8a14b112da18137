using System.Runtime.CompilerServices;

namespace NnCluster.Numerics;

/// <summary>
/// A stream of random words addressed by seed, purpose and two indices: any machine can compute any word without the words before
/// it.
/// </summary>
/// <remarks>
/// <para>Word i is word i mod 4 of the <see cref="Philox4x32"/> block with</para>
/// <code>
/// key     = (low 32 bits of seed, high 32 bits of seed)
/// counter = (⌊i / 4⌋ + purpose · 2²⁸, a, low 32 bits of b, high 32 bits of b)
/// </code>
/// <para>
/// With i below 2³⁰ and purpose below 16 this mapping never sends two words to one place; under one key the generator is a
/// bijection of the counter, so no two streams of a seed overlap.
/// </para>
/// </remarks>
/// <param name="Seed">The run's seed.</param>
/// <param name="Purpose">Use of the words.</param>
/// <param name="A">First index of the stream, such as a layer.</param>
/// <param name="B">Second index of the stream, such as a step or an epoch.</param>
public readonly record struct CounterRandom(ulong Seed, RandomStream Purpose, uint A = 0, ulong B = 0)
{
    /// <summary>Words in a stream: 2³⁰.</summary>
    public const int Length = 1 << 30;

    private const int PurposeShift = 28;
    private const int MaxPurpose = 15;

    /// <summary>Word <paramref name="index"/> of the stream.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is negative or 2³⁰ or more.</exception>
    public uint Word(int index)
    {
        CheckRange(index, 1);
        (uint w0, uint w1, uint w2, uint w3) = Philox4x32.Block(Counter(index / 4), Key);
        return (index & 3) switch
        {
            0 => w0,
            1 => w1,
            2 => w2,
            _ => w3,
        };
    }

    /// <summary>A float uniform in [0, 1), from one word.</summary>
    public float Uniform(int index) => ToUniform(Word(index));

    /// <summary>A double uniform in [0, 1), from words 2·index and 2·index + 1.</summary>
    public double UniformDouble(int index)
    {
        CheckRange(index, 1, Length / 2);
        return ToUniform(Word(2 * index), Word((2 * index) + 1));
    }

    /// <summary>An integer uniform in [0, bound), from one word.</summary>
    public int Below(int bound, int index) => ToBounded(Word(index), bound);

    /// <summary>Words <paramref name="start"/>, <paramref name="start"/> + 1, … of the stream.</summary>
    public void Fill(Span<uint> destination, int start = 0)
    {
        CheckRange(start, destination.Length);
        for (; start % 4 != 0 && destination.Length > 0; start++, destination = destination[1..])
        {
            destination[0] = Word(start);
        }

        int whole = destination.Length & ~3;
        Philox4x32.Blocks(Counter(start / 4), Key, destination[..whole]);
        for (int i = whole; i < destination.Length; i++)
        {
            destination[i] = Word(start + i);
        }
    }

    /// <summary>The values of <see cref="Uniform"/> for <paramref name="start"/>, <paramref name="start"/> + 1, …</summary>
    [SkipLocalsInit]
    public void FillUniform(Span<float> destination, int start = 0)
    {
        CheckRange(start, destination.Length);
        Span<uint> words = stackalloc uint[256];
        while (destination.Length > 0)
        {
            int count = Math.Min(words.Length, destination.Length);
            Fill(words[..count], start);
            for (int i = 0; i < count; i++)
            {
                destination[i] = ToUniform(words[i]);
            }

            start += count;
            destination = destination[count..];
        }
    }

    /// <summary>The top 24 bits · 2⁻²⁴: a float in [0, 1), every multiple of 2⁻²⁴ equally likely.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ToUniform(uint word) => (int)(word >> 8) * (1f / (1 << 24));

    /// <summary>53 bits · 2⁻⁵³, the upper 27 from <paramref name="high"/>, 26 from <paramref name="low"/>: in [0, 1).</summary>
    public static double ToUniform(uint high, uint low) => (long)(((ulong)(high >> 5) << 26) | (low >> 6)) * (1.0 / (1L << 53));

    /// <summary>
    /// ⌊word · bound / 2³²⌋ (Lemire 2019 without rejection). Probabilities of results differ by at most bound / 2³² of their value:
    /// less than 10⁻⁴ for a bound of 400,000.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public static int ToBounded(uint word, int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);
        return (int)(((ulong)word * (uint)bound) >> 32);
    }

    /// <summary>Four words for each of the blocks from <paramref name="block"/> on.</summary>
    internal void FillBlocks(Span<uint> destination, int block)
    {
        CheckRange(4L * block, destination.Length);
        Philox4x32.Blocks(Counter(block), Key, destination);
    }

    private (uint K0, uint K1) Key => ((uint)Seed, (uint)(Seed >> 32));

    private (uint C0, uint C1, uint C2, uint C3) Counter(int block) =>
        ((uint)block + ((uint)Purpose << PurposeShift), A, (uint)B, (uint)(B >> 32));

    private void CheckRange(long start, int count, int length = Length)
    {
        if ((uint)Purpose > MaxPurpose)
        {
            throw new InvalidOperationException($"The purpose of a stream must be 0 to {MaxPurpose}, not {Purpose}.");
        }

        if (start < 0 || start + count > length)
        {
            throw new ArgumentOutOfRangeException(nameof(start), start,
                $"A stream has words 0 to {length - 1}; {count} from here on are asked for.");
        }
    }
}
