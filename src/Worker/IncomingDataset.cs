using System.Security.Cryptography;
using NnCluster.Data;

namespace NnCluster.Worker;

/// <summary>
/// A data set on its way into the cache: a file beside its place until it is complete and its hash is right. What has arrived is kept for
/// the next attempt.
/// </summary>
/// <remarks>
/// Each attempt writes a file of its own, locked from its first byte until it has its final name. A file that is not locked was left by an
/// attempt that has ended: one attempt takes it over by renaming it, which only one can.
/// </remarks>
internal sealed class IncomingDataset : IDisposable
{
    private const string Extension = ".partial";

    // Nobody else may open the file. Windows renames an open file only if it may be deleted.
    private static readonly FileShare Locked = OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None;

    private readonly string _path;
    private readonly string _partial;
    private readonly string _sha256;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _isKept = true;

    /// <summary>Begins an attempt, or continues an earlier one, whose bytes are then hashed again.</summary>
    /// <param name="path">Place of the data set.</param>
    /// <param name="sha256">SHA-256 of its bytes.</param>
    /// <param name="length">Number of bytes.</param>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    public IncomingDataset(string path, string sha256, long length)
    {
        _path = path;
        _sha256 = sha256;
        Length = length;
        _partial = $"{path}.{Guid.NewGuid():N}{Extension}";
        _file = TakeOver() ?? new(_partial, FileMode.CreateNew, FileAccess.ReadWrite, Locked);
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
        File.Move(_partial, _path, overwrite: true);
        _file.Dispose();
    }

    /// <summary>Closes the file. It stays for the next attempt unless it is empty or wrong.</summary>
    public void Dispose()
    {
        if (!_isKept || Received == 0)
        {
            File.Delete(_partial);
        }

        try
        {
            _file.Dispose();
        }
        catch (IOException)
        {
            // The disk is full: the last bytes are missing, and the next attempt asks for them again.
        }

        _hash.Dispose();
    }

    /// <summary>Takes over the longest file that an earlier attempt has left, and removes the others; null if there is none.</summary>
    private FileStream? TakeOver()
    {
        FileStream? taken = null;
        var directory = new DirectoryInfo(Path.GetDirectoryName(_path)!);
        foreach (FileInfo left in directory.GetFiles($"{Path.GetFileName(_path)}.*{Extension}").OrderByDescending(file => file.Exists ? file.Length : 0))
        {
            if (OpenLeft(left) is not { } file)
            {
                continue;
            }

            if (taken is null && TryMove(left, _partial))
            {
                taken = file;
                continue;
            }

            left.Delete();
            file.Dispose();
        }

        return taken;
    }

    /// <summary>Opens and locks a file; null if another attempt still writes it, or it is gone or not to be opened.</summary>
    private static FileStream? OpenLeft(FileInfo left)
    {
        try
        {
            return new(left.FullName, FileMode.Open, FileAccess.ReadWrite, Locked);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static bool TryMove(FileInfo from, string to)
    {
        try
        {
            File.Move(from.FullName, to);
            return true;
        }
        catch (IOException)
        {
            // Between opening and locking it, another attempt has completed it.
            return false;
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
