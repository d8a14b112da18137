using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Shortens a file of lines in place, from its end. It makes no copy, so it works on a full disk.</summary>
internal static class LineCut
{
    private const int Chunk = 1 << 16;

    /// <summary>Removes an unfinished last line, then lines from the end up to the first that is to be kept.</summary>
    /// <param name="stream">The file; at its end afterwards.</param>
    /// <param name="keep">Whether a line, UTF-8 without its line end, stays, and all before it.</param>
    /// <returns>The last line that was kept; null if none was.</returns>
    public static byte[]? CutAfterLast(FileStream stream, Predicate<byte[]> keep)
    {
        long end = LastLineEnd(stream, stream.Length);
        byte[]? kept = null;
        while (end > 0 && kept is null)
        {
            long start = LastLineEnd(stream, end - 1);
            byte[] line = new byte[end - 1 - start];
            stream.Position = start;
            stream.ReadExactly(line);
            if (keep(line))
            {
                kept = line;
            }
            else
            {
                end = start;
            }
        }

        if (end < stream.Length)
        {
            stream.SetLength(end);
        }

        stream.Position = end;
        return kept;
    }

    /// <summary>The position behind the last line end before <paramref name="limit"/>; 0 if there is none.</summary>
    private static long LastLineEnd(FileStream stream, long limit)
    {
        byte[] buffer = new byte[Chunk];
        while (limit > 0)
        {
            int count = (int)Math.Min(Chunk, limit);
            stream.Position = limit - count;
            stream.ReadExactly(buffer, 0, count);
            int at = buffer.AsSpan(0, count).LastIndexOf((byte)'\n');
            if (at >= 0)
            {
                return limit - count + at + 1;
            }

            limit -= count;
        }

        return 0;
    }
}
