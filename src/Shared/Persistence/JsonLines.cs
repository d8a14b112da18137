namespace NnCluster.Persistence;

/// <summary>Reads files of one JSON object a line.</summary>
internal static class JsonLines
{
    private const int BufferLength = 1 << 16;

    /// <summary>
    /// The lines of a stream, UTF-8, without their line ends. A last line without a line end is left out: it is being
    /// written, or its writer was killed.
    /// </summary>
    /// <param name="stream">The content, read from its position on.</param>
    /// <returns>Lines; each is valid until the next is asked for.</returns>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(Stream stream)
    {
        byte[] buffer = new byte[BufferLength];
        int held = 0;
        while (stream.Read(buffer, held, buffer.Length - held) is > 0 and int count)
        {
            held += count;
            int start = 0;
            for (int end; (end = Array.IndexOf(buffer, (byte)'\n', start, held - start)) >= 0; start = end + 1)
            {
                yield return buffer.AsMemory(start, end - start);
            }

            held -= start;
            Array.Copy(buffer, start, buffer, 0, held);
            if (held == buffer.Length)
            {
                Array.Resize(ref buffer, 2 * held);
            }
        }
    }

    /// <summary>Opens a file that a run may be writing.</summary>
    /// <exception cref="BadInputException">It cannot be read.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : error.Message;
            throw new BadInputException($"{path}: cannot be read: {reason}", error);
        }
    }
}
