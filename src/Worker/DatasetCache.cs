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

        using (FileStream file = OpenShared(path))
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
        using FileStream file = OpenShared(path);
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

    // On Windows the node that has just received the file may still have it open for writing.
    private static FileStream OpenShared(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    // The hash comes over the wire: no other text may become a path.
    private string PathOf(string sha256) => sha256.Length == 2 * SHA256.HashSizeInBytes && sha256.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(directory, sha256)
        : throw new BadInputException($"'{sha256}' is not the SHA-256 of a data set");
}
