using System.Text;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Shortens a file of lines in place, from its end: no copy is made, so that a full disk or a long file is no hindrance.</summary>
internal static class LineCut
{
    private const int Chunk = 1 << 16;

    /// <summary>Removes lines from the end of a file, and the rest of one that was never finished, until one is to be kept.</summary>
    /// <param name="stream">The file; at its end afterwards.</param>
    /// <param name="keep">Whether a line stays, and with it all before it.</param>
    /// <returns>The line that was kept; null if none was.</returns>
    public static string? CutAfterLast(FileStream stream, Predicate<string> keep)
    {
        long end = LastLineEnd(stream, stream.Length);
        string? kept = null;
        while (end > 0 && kept is null)
        {
            long start = LastLineEnd(stream, end - 1);
            byte[] line = new byte[end - 1 - start];
            stream.Position = start;
            stream.ReadExactly(line);
            string text = Encoding.UTF8.GetString(line);
            if (keep(text))
            {
                kept = text;
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
