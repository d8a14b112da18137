using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace NnCluster.Numerics;

/// <summary>
/// The counter-based generator Philox4x32-10: ten rounds turn a counter of four words and a key of two into four random
/// words. J. K. Salmon, M. A. Moraes, R. O. Dror and D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
/// </summary>
public static class Philox4x32
{
    private const int Rounds = 10;
    private const uint Multiplier0 = 0xD2511F53;
    private const uint Multiplier1 = 0xCD9E8D57;
    private const uint Weyl0 = 0x9E3779B9;
    private const uint Weyl1 = 0xBB67AE85;

    /// <summary>The block of four words for one counter and key.</summary>
    public static (uint W0, uint W1, uint W2, uint W3) Block((uint C0, uint C1, uint C2, uint C3) counter, (uint K0, uint K1) key)
    {
        (uint x0, uint x1, uint x2, uint x3) = counter;
        (uint k0, uint k1) = key;
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = (ulong)Multiplier0 * x0;
            ulong product1 = (ulong)Multiplier1 * x2;
            x0 = (uint)(product1 >> 32) ^ x1 ^ k0;
            x1 = (uint)product1;
            x2 = (uint)(product0 >> 32) ^ x3 ^ k1;
            x3 = (uint)product0;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        return (x0, x1, x2, x3);
    }

    /// <summary>
    /// The blocks of consecutive counters, word after word: <paramref name="counter"/>'s first word grows by one from
    /// block to block (modulo 2³², the other words stay).
    /// </summary>
    /// <param name="counter">The first block's counter.</param>
    /// <param name="key">The key of all blocks.</param>
    /// <param name="destination">Receives whole blocks.</param>
    /// <exception cref="ArgumentException">The length is no multiple of four.</exception>
    public static void Blocks((uint C0, uint C1, uint C2, uint C3) counter, (uint K0, uint K1) key, Span<uint> destination)
    {
        if (destination.Length % 4 != 0)
        {
            throw new ArgumentException($"Blocks are four words; {destination.Length} is no multiple of four.", nameof(destination));
        }

        if (Avx512F.IsSupported)
        {
            for (; destination.Length >= 32; destination = destination[32..])
            {
                EightBlocks(counter, key, destination);
                counter.C0 += 8;
            }
        }

        if (Vector256.IsHardwareAccelerated && BitConverter.IsLittleEndian)
        {
            for (; destination.Length >= 16; destination = destination[16..])
            {
                FourBlocks(counter, key, destination);
                counter.C0 += 4;
            }
        }

        for (; destination.Length > 0; destination = destination[4..])
        {
            (destination[0], destination[1], destination[2], destination[3]) = Block(counter, key);
            counter.C0++;
        }
    }

    /// <summary>Four blocks at once, each word in the low half of a 64-bit lane; the high halves are undefined.</summary>
    private static void FourBlocks((uint C0, uint C1, uint C2, uint C3) counter, (uint K0, uint K1) key, Span<uint> destination)
    {
        Vector256<ulong> x0 = Vector256.Create(counter.C0, counter.C0 + 1, counter.C0 + 2, (ulong)(counter.C0 + 3));
        Vector256<ulong> x1 = Vector256.Create((ulong)counter.C1);
        Vector256<ulong> x2 = Vector256.Create((ulong)counter.C2);
        Vector256<ulong> x3 = Vector256.Create((ulong)counter.C3);
        (uint k0, uint k1) = key;
        for (int round = 0; round < Rounds; round++)
        {
            Vector256<ulong> product0 = MultiplyLowWords(x0, Multiplier0);
            Vector256<ulong> product1 = MultiplyLowWords(x2, Multiplier1);
            x0 = (product1 >> 32) ^ x1 ^ Vector256.Create((ulong)k0);
            x1 = product1;
            x2 = (product0 >> 32) ^ x3 ^ Vector256.Create((ulong)k1);
            x3 = product0;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        Vector256<ulong> low = Vector256.Create((ulong)uint.MaxValue);
        Vector256<ulong> words01 = (x0 & low) | (x1 << 32);
        Vector256<ulong> words23 = (x2 & low) | (x3 << 32);
        Span<ulong> pairs = MemoryMarshal.Cast<uint, ulong>(destination);
        for (int block = 0; block < 4; block++)
        {
            pairs[2 * block] = words01[block];
            pairs[(2 * block) + 1] = words23[block];
        }
    }

    /// <summary>As <see cref="FourBlocks"/>, eight at once.</summary>
    private static void EightBlocks((uint C0, uint C1, uint C2, uint C3) counter, (uint K0, uint K1) key, Span<uint> destination)
    {
        // The first word may wrap around within the eight blocks: the carry goes to the high halves, which are never read.
        Vector512<ulong> x0 = Vector512.Create((ulong)counter.C0) + Vector512.Create(0UL, 1, 2, 3, 4, 5, 6, 7);
        Vector512<ulong> x1 = Vector512.Create((ulong)counter.C1);
        Vector512<ulong> x2 = Vector512.Create((ulong)counter.C2);
        Vector512<ulong> x3 = Vector512.Create((ulong)counter.C3);
        Vector512<uint> multiplier0 = Vector512.Create((ulong)Multiplier0).AsUInt32();
        Vector512<uint> multiplier1 = Vector512.Create((ulong)Multiplier1).AsUInt32();
        (uint k0, uint k1) = key;
        for (int round = 0; round < Rounds; round++)
        {
            Vector512<ulong> product0 = Avx512F.Multiply(x0.AsUInt32(), multiplier0);
            Vector512<ulong> product1 = Avx512F.Multiply(x2.AsUInt32(), multiplier1);
            x0 = (product1 >> 32) ^ x1 ^ Vector512.Create((ulong)k0);
            x1 = product1;
            x2 = (product0 >> 32) ^ x3 ^ Vector512.Create((ulong)k1);
            x3 = product0;
            k0 += Weyl0;
            k1 += Weyl1;
        }

        Vector512<ulong> low = Vector512.Create((ulong)uint.MaxValue);
        Vector512<ulong> words01 = (x0 & low) | (x1 << 32);
        Vector512<ulong> words23 = (x2 & low) | (x3 << 32);
        // In 128-bit lanes: blocks 0 2 4 6 and 1 3 5 7, each whole.
        Vector512<uint> even = Avx512F.UnpackLow(words01, words23).AsUInt32();
        Vector512<uint> odd = Avx512F.UnpackHigh(words01, words23).AsUInt32();
        even.GetLower().GetLower().CopyTo(destination);
        odd.GetLower().GetLower().CopyTo(destination[4..]);
        even.GetLower().GetUpper().CopyTo(destination[8..]);
        odd.GetLower().GetUpper().CopyTo(destination[12..]);
        even.GetUpper().GetLower().CopyTo(destination[16..]);
        odd.GetUpper().GetLower().CopyTo(destination[20..]);
        even.GetUpper().GetUpper().CopyTo(destination[24..]);
        odd.GetUpper().GetUpper().CopyTo(destination[28..]);
    }

    /// <summary>The 64-bit products of the lanes' low halves.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> MultiplyLowWords(Vector256<ulong> lanes, uint factor) => Avx2.IsSupported
        ? Avx2.Multiply(lanes.AsUInt32(), Vector256.Create((ulong)factor).AsUInt32())
        : (lanes & Vector256.Create((ulong)uint.MaxValue)) * Vector256.Create((ulong)factor);
}
