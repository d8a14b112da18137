using System.Buffers;
using System.IO.Compression;
using System.IO.Pipelines;
using System.Security.Cryptography;

namespace NnCluster.Data;

/// <summary>
/// Writes a known file to a directory complete and verified, or not at all: the content goes to a temporary file, which is renamed
/// once its length and SHA-256 match. Safe for concurrent processes.
/// </summary>
internal static class VerifiedFile
{
    private const int Chunk = 1 << 17;

    /// <summary>True if the directory has the file, uncompressed and with the right content.</summary>
    public static async Task<bool> IsInAsync(string directory, DatasetFile file, CancellationToken cancellationToken)
    {
        FileInfo found = new(Path.Combine(directory, file.Name));
        if (!found.Exists || found.Length != file.Length)
        {
            return false;
        }

        using FileStream content = found.OpenRead();
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false)) == file.Sha256;
    }

    /// <summary>Writes <paramref name="content"/>, plain or compressed by gzip, to <paramref name="directory"/>.</summary>
    /// <exception cref="InvalidDataException">The length, the checksum or the gzip data is wrong.</exception>
    public static async Task WriteAsync(Stream content, string directory, DatasetFile file, CancellationToken cancellationToken)
    {
        PipeReader reader = PipeReader.Create(content, new StreamPipeReaderOptions(leaveOpen: true));
        ReadResult start = await reader.ReadAtLeastAsync(2, cancellationToken).ConfigureAwait(false);
        bool compressed = IsGzip(start.Buffer);
        reader.AdvanceTo(start.Buffer.Start);
        Stream plain = reader.AsStream();
        await using (plain.ConfigureAwait(false))
        {
            Stream source = compressed ? new GZipStream(plain, CompressionMode.Decompress) : plain;
            await using (source.ConfigureAwait(false))
            {
                await WritePlainAsync(source, directory, file, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static bool IsGzip(ReadOnlySequence<byte> start)
    {
        SequenceReader<byte> bytes = new(start);
        return bytes.TryRead(out byte first) && bytes.TryRead(out byte second) && (first, second) == (0x1f, 0x8b);
    }

    private static async Task WritePlainAsync(Stream source, string directory, DatasetFile file, CancellationToken cancellationToken)
    {
        string temporary = Path.Combine(directory, $".{file.Name}.{Guid.NewGuid():N}.part");
        try
        {
            FileStream target = new(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, useAsync: true);
            await using (target.ConfigureAwait(false))
            {
                string sha256 = await CopyAsync(source, target, file, cancellationToken).ConfigureAwait(false);
                if (sha256 != file.Sha256)
                {
                    throw new InvalidDataException($"{file.Name} has SHA-256 {sha256}, expected {file.Sha256}");
                }

                target.Flush(flushToDisk: true);
            }

            File.Move(temporary, Path.Combine(directory, file.Name), overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private static async Task<string> CopyAsync(Stream source, Stream target, DatasetFile file, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = new byte[Chunk];
        long length = 0;
        int got;
        while ((got = await source.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
        {
            length += got;
            if (length > file.Length)
            {
                throw new InvalidDataException($"{file.Name} is longer than the expected {file.Length} bytes");
            }

            hash.AppendData(buffer, 0, got);
            await target.WriteAsync(buffer.AsMemory(0, got), cancellationToken).ConfigureAwait(false);
        }

        return length == file.Length
            ? Convert.ToHexStringLower(hash.GetHashAndReset())
            : throw new InvalidDataException($"{file.Name} has {length} bytes, expected {file.Length}");
    }
}
