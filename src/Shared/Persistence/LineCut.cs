namespace NnCluster.Persistence;

/// <summary>Shortens a file of lines in place, from its end. It makes no copy, so it works on a full disk.</summary>
internal static class LineCut
{
    /// <summary>Removes an unfinished last line, then lines from the end up to the first that is to be kept.</summary>
    /// <param name="stream">The file; at its end afterwards.</param>
    /// <param name="keep">Whether a line, UTF-8 without its line end, stays, and all before it.</param>
    /// <returns>The last line that was kept; null if none was.</returns>
    public static byte[]? CutAfterLast(FileStream stream, Predicate<byte[]> keep)
    {
        long end = ReverseLines.LastLineEnd(stream, stream.Length);
        byte[]? kept = null;
        while (end > 0 && kept is null)
        {
            long start = ReverseLines.LastLineEnd(stream, end - 1);
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
}
