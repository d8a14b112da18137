using System.Security.Cryptography;
using NnCluster.Data;

namespace NnCluster.Worker;

/// <summary>Data sets of earlier runs on this machine, each a file of its canonical bytes, named by their SHA-256.</summary>
/// <param name="directory">Directory of the files; created when the first data set is written.</param>
internal sealed class DatasetCache(string directory)
{
    /// <summary>A directory in the user's cache directory; in the system's temporary directory if there is no home directory.</summary>
    public static string DefaultDirectory =>
        Path.Combine(DatasetStore.CacheDirectory ?? Path.Combine(Path.GetTempPath(), "nncluster"), "by-hash");

    // Smaller sets are read into memory, where random rows are found a little faster.
    private const long MappedFrom = 1L << 28;

    /// <summary>
    /// Opens a data set and checks its hash; null if it is not there. A damaged file is removed. A large set stays in its file, which is
    /// mapped.
    /// </summary>
    /// <param name="sha256">SHA-256 of the canonical bytes, 64 lower-case hexadecimal digits.</param>
    /// <param name="name">Display name for the data set.</param>
    /// <exception cref="BadInputException"><paramref name="sha256"/> is not a hash.</exception>
    public Dataset? Find(string sha256, string name)
    {
        string path = PathOf(sha256);
        if (!File.Exists(path))
        {
            return null;
        }

        using (FileStream file = File.OpenRead(path))
        {
            if (Convert.ToHexStringLower(SHA256.HashData(file)) == sha256)
            {
                return Open(sha256, name);
            }
        }

        File.Delete(path);
        return null;
    }

    /// <summary>Opens a data set whose hash was checked.</summary>
    /// <param name="sha256">SHA-256 of the canonical bytes.</param>
    /// <param name="name">Display name for the data set.</param>
    /// <exception cref="IOException">It is not there, or cannot be read.</exception>
    /// <exception cref="BadInputException">The file is no data set.</exception>
    public Dataset Open(string sha256, string name)
    {
        string path = PathOf(sha256);
        using FileStream file = File.OpenRead(path);
        return file.Length < MappedFrom ? DatasetContent.Read(file, name) : DatasetContent.Map(path, name);
    }

    /// <summary>
    /// Begins to write a data set, or continues where an earlier attempt ended, whose bytes are then hashed again.
    /// </summary>
    /// <param name="sha256">SHA-256 of the canonical bytes.</param>
    /// <param name="length">Number of bytes.</param>
    /// <exception cref="BadInputException">The directory cannot be written, or <paramref name="sha256"/> is not a hash.</exception>
    public IncomingDataset Begin(string sha256, long length)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return new(PathOf(sha256), sha256, length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"the data set cache {directory} cannot be written: {e.Message}", e);
        }
    }

    // The hash comes over the wire: no other text may become a path.
    private string PathOf(string sha256) => sha256.Length == 2 * SHA256.HashSizeInBytes && sha256.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(directory, sha256)
        : throw new BadInputException($"'{sha256}' is not the SHA-256 of a data set");
}

/// <summary>
/// A data set on its way into the cache: a file beside its place until it is complete and its hash is right. What has arrived is kept for
/// the next attempt.
/// </summary>
internal sealed class IncomingDataset : IDisposable
{
    private readonly string _path;
    private readonly string _partial;
    private readonly string _sha256;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _isKept;

    internal IncomingDataset(string path, string sha256, long length)
    {
        _path = path;
        _sha256 = sha256;
        Length = length;
        _partial = $"{path}.partial";
        _isKept = true;
        try
        {
            _file = new FileStream(_partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException) when (File.Exists(_partial))
        {
            // Another node of this machine is writing it.
            _isKept = false;
            _partial = $"{path}.{Guid.NewGuid():N}.tmp";
            _file = new FileStream(_partial, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        }

        try
        {
            Continue();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Bytes of the whole data set.</summary>
    public long Length { get; }

    /// <summary>Bytes received, those of an earlier attempt included.</summary>
    public long Received { get; private set; }

    /// <summary>Writes the next chunk.</summary>
    /// <exception cref="BadInputException">It is not the next chunk.</exception>
    public void Append(long offset, ReadOnlySpan<byte> bytes)
    {
        if (offset != Received || bytes.Length > Length - Received)
        {
            throw new BadInputException(
                $"{bytes.Length} bytes of the data set arrived for offset {offset}, expected offset {Received} of {Length}");
        }

        _file.Write(bytes);
        _hash.AppendData(bytes);
        Received += bytes.Length;
    }

    /// <summary>Checks the hash and moves the file to its final name.</summary>
    /// <exception cref="BadInputException">The hash differs; what has arrived is then removed.</exception>
    public void Complete()
    {
        string found = Convert.ToHexStringLower(_hash.GetHashAndReset());
        if (found != _sha256)
        {
            _isKept = false;
            throw new BadInputException($"the data set that arrived has SHA-256 {found}, expected {_sha256}");
        }

        _file.Flush(flushToDisk: true);
        _file.Dispose();
        File.Move(_partial, _path, overwrite: true);
    }

    /// <summary>Closes the file. It stays for the next attempt unless it is empty or wrong, or another node writes one too.</summary>
    public void Dispose()
    {
        bool isKept = _isKept && Received > 0;
        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // The disk is full: the last bytes are missing, and the next attempt asks for them again.
        }

        _hash.Dispose();
        if (!isKept)
        {
            File.Delete(_partial);
        }
    }

    // The last byte is always requested: a chunk completes the data set.
    private void Continue()
    {
        byte[] buffer = new byte[1 << 20];
        long end = Math.Min(_file.Length, Length - 1);
        while (Received < end)
        {
            int count = (int)Math.Min(buffer.Length, end - Received);
            _file.ReadExactly(buffer, 0, count);
            _hash.AppendData(buffer, 0, count);
            Received += count;
        }

        _file.SetLength(Received);
        _file.Position = Received;
    }
}
