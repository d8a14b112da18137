using System.Security.Cryptography;
using NnCluster.Data;

namespace NnCluster.Worker;

/// <summary>
/// A data set that is being received. Its file lies beside the final path until it is complete and its hash is right; the bytes received are
/// kept for the next attempt.
/// </summary>
/// <remarks>
/// Each attempt writes a file of its own, <c>.partial</c>, and has a lock on the file <c>.held</c> of the same name meanwhile. A partial file
/// whose lock is free was left by an attempt that has ended; the attempt that takes the lock continues it. A lock is deleted only when its
/// partial file is gone.
/// </remarks>
internal sealed class IncomingDataset : IDisposable
{
    private const string Extension = ".partial";

    private readonly string _path;
    private readonly string _partial;
    private readonly string _sha256;
    private readonly FileStream _lock;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _isKept = true;
    private bool _isDisposed;

    /// <summary>Begins an attempt, or continues an earlier one, whose bytes are then hashed again.</summary>
    /// <param name="path">Place of the data set.</param>
    /// <param name="sha256">SHA-256 of its bytes.</param>
    /// <param name="length">Number of bytes.</param>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The directory cannot be written.</exception>
    public IncomingDataset(string path, string sha256, long length)
    {
        _path = path;
        _sha256 = sha256;
        Length = length;
        (_partial, _lock) = TakeOver(path) ?? Create(path);
        try
        {
            // A reader may open the file as soon as it has its final name, and Windows renames an open file only if it may be deleted.
            _file = new(_partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read | FileShare.Delete);
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
    /// <param name="offset">First byte in the data set.</param>
    /// <param name="bytes">Content of the chunk.</param>
    /// <exception cref="BadInputException">It is not the next chunk.</exception>
    public void Append(long offset, ReadOnlySpan<byte> bytes)
    {
        if (offset != Received || bytes.Length > Length - Received)
        {
            throw new BadInputException(
                $"bytes {offset} to {offset + bytes.Length} of the data set arrived; expected bytes from {Received} on, at most to {Length}");
        }

        _file.Write(bytes);
        _hash.AppendData(bytes);
        Received += bytes.Length;
    }

    /// <summary>Checks the hash, moves the file to its final name, and closes it.</summary>
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
        Dispose();
    }

    /// <summary>Closes the file. It stays for the next attempt unless it is empty or wrong.</summary>
    public void Dispose()
    {
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        try
        {
            _file?.Dispose();
        }
        catch (IOException)
        {
            // The disk is full: the last bytes are missing, and the next attempt asks for them again.
        }

        _hash.Dispose();
        if (!_isKept || new FileInfo(_partial) is { Exists: true, Length: 0 })
        {
            TryDelete(_partial);
        }

        Release(_partial, _lock);
    }

    private static string LockOf(string partial) => Path.ChangeExtension(partial, ".held");

    private static (string Partial, FileStream Lock) Create(string path)
    {
        string partial = $"{path}.{Guid.NewGuid():N}{Extension}";
        return (partial, new(LockOf(partial), FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None));
    }

    /// <summary>Takes over the longest file that an earlier attempt has left, and removes the others; null if there is none.</summary>
    private static (string Partial, FileStream Lock)? TakeOver(string path)
    {
        (string Partial, FileStream Lock)? taken = null;
        FileInfo[] files = new DirectoryInfo(Path.GetDirectoryName(path)!).GetFiles($"{Path.GetFileName(path)}.*{Extension}");
        foreach (FileInfo left in files.OrderByDescending(file => file.Exists ? file.Length : 0))
        {
            if (TryLock(left.FullName) is not { } held)
            {
                continue;
            }

            if (taken is null && File.Exists(left.FullName))
            {
                taken = (left.FullName, held);
                continue;
            }

            TryDelete(left.FullName);
            Release(left.FullName, held);
        }

        return taken;
    }

    private static FileStream? TryLock(string partial)
    {
        try
        {
            return new(LockOf(partial), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static void Release(string partial, FileStream held)
    {
        held.Dispose();
        if (File.Exists(partial))
        {
            return;
        }

        // On Windows another attempt may just have opened it: it will find that there is nothing to take over.
        TryDelete(LockOf(partial));
    }

    // A file that cannot be deleted only costs its bytes, and the next attempt tries again.
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
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
