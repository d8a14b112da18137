namespace NnCluster.Data;

/// <summary>Philox4x32-10 (Salmon et al. 2011): words of the stream (seed, epoch).</summary>
internal static class PermutationWords
{
    /// <summary>Fills <paramref name="words"/> from position <paramref name="start"/> (a multiple of 4) on.</summary>
    public static void Fill(ulong seed, uint epoch, ulong start, Span<uint> words)
    {
        for (int i = 0; i < words.Length; i += 4)
        {
            ulong block = (start / 4) + (ulong)(i / 4);
            (uint a, uint b, uint c, uint d) = ((uint)block, (uint)(block >> 32), epoch, 0x5045524d);
            (uint k0, uint k1) = ((uint)seed, (uint)(seed >> 32));
            for (int round = 0; round < 10; round++)
            {
                ulong p0 = (ulong)a * 0xD2511F53;
                ulong p1 = (ulong)c * 0xCD9E8D57;
                (a, b, c, d) = ((uint)(p1 >> 32) ^ b ^ k0, (uint)p1, (uint)(p0 >> 32) ^ d ^ k1, (uint)p0);
                k0 += 0x9E3779B9;
                k1 += 0xBB67AE85;
            }

            (words[i], words[i + 1], words[i + 2], words[i + 3]) = (a, b, c, d);
        }
    }
}
