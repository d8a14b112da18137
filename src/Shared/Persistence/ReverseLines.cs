using System.Text;

namespace NnCluster.Persistence;

/// <summary>Reads a file of lines from its end, in bounded memory, while another process may append to it.</summary>
internal static class ReverseLines
{
    private const int Chunk = 1 << 16;

    /// <summary>The finished lines of a file, the last one first; none if there is no such file.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IEnumerable<string> Read(string path)
    {
        if (!File.Exists(path))
        {
            yield break;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        long end = LastLineEnd(stream, stream.Length);
        while (end > 0)
        {
            long start = LastLineEnd(stream, end - 1);
            byte[] line = new byte[end - 1 - start];
            stream.Position = start;
            stream.ReadExactly(line);
            yield return Encoding.UTF8.GetString(line);
            end = start;
        }
    }

    /// <summary>Position behind the last line feed before <paramref name="limit"/>; 0 if there is none.</summary>
    public static long LastLineEnd(FileStream stream, long limit)
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
