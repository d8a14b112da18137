using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace NnCluster.Persistence;

/// <summary>Files that appear whole or not at all, even if the process or the machine fails meanwhile.</summary>
internal static partial class AtomicFile
{
    private const string TemporaryExtension = ".tmp";

    /// <summary>
    /// Writes to a temporary file beside <paramref name="path"/>, flushes it to the disk, renames it over
    /// <paramref name="path"/> and flushes the directory. On failure the old file stays and the temporary one is removed. A symbolic link
    /// stays, and its target is replaced. A pipe or a device is written directly.
    /// </summary>
    /// <exception cref="IOException">The disk is full, the directory does not exist, …</exception>
    /// <exception cref="UnauthorizedAccessException">The directory is not writable.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(write);
        using (FileStream? special = OpenSpecial(path))
        {
            if (special is not null)
            {
                write(special);
                return;
            }
        }

        path = TargetOf(path);
        string directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string temporary = Path.Combine(directory, $".{Path.GetFileName(path)}.{Guid.NewGuid():N}{TemporaryExtension}");
        bool renamed = false;
        try
        {
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            renamed = true;
            FlushDirectory(directory);
        }
        finally
        {
            if (!renamed)
            {
                File.Delete(temporary);
            }
        }
    }

    /// <summary>The file that a path leads to: the path itself unless it is a symbolic link.</summary>
    /// <exception cref="IOException">The links form a circle.</exception>
    public static string TargetOf(string path) =>
        new FileInfo(path).LinkTarget is null ? path : File.ResolveLinkTarget(path, returnFinalTarget: true)!.FullName;

    /// <summary>Whether two paths lead to the same file.</summary>
    public static bool IsSame(string one, string other) => Path.GetFullPath(TargetOf(one)) == Path.GetFullPath(TargetOf(other));

    /// <summary>Writes a text as UTF-8, atomically as <see cref="Write"/> does.</summary>
    public static void WriteText(string path, string text) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));

    /// <summary>Renames a file within its directory, replacing a file of that name. The new name is on the disk when it returns.</summary>
    public static void Rename(string path, string newPath)
    {
        File.Move(path, newPath, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(newPath))!);
    }

    /// <summary>
    /// Deletes the temporary files of writes that were killed. No process may be writing those files at the same time.
    /// </summary>
    /// <param name="directory">The directory of the files.</param>
    /// <param name="isOurs">Whether only the caller writes the file of this name.</param>
    public static void DeleteLeftovers(string directory, Predicate<string> isOurs)
    {
        foreach (string path in Directory.GetFiles(directory, ".*" + TemporaryExtension))
        {
            if (TemporaryName().Match(Path.GetFileName(path)) is { Success: true } match && isOurs(match.Groups["name"].Value))
            {
                TryDelete(path);
            }
        }
    }

    /// <summary>Whether a file has a name such as temporary files have: <c>.&lt;name&gt;.&lt;number&gt;.tmp</c>.</summary>
    internal static bool IsTemporary(string name) => name.StartsWith('.') && name.EndsWith(TemporaryExtension, StringComparison.Ordinal);

    /// <summary>Opens a pipe or a device; null if the path leads to a regular file or to nothing.</summary>
    private static FileStream? OpenSpecial(string path)
    {
        if (!File.Exists(path) || new FileInfo(TargetOf(path)) is { Exists: true, Length: > 0 })
        {
            return null;
        }

        FileStream? file = null;
        try
        {
            file = new(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            if (!file.CanSeek)
            {
                return file;
            }

            // POSIX sets the length of regular files only; this one keeps its own.
            file.SetLength(file.Length);
            file.Dispose();
            return null;
        }
        catch (IOException) when (file is not null)
        {
            return file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // A file that cannot be removed only costs its bytes.
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

    [GeneratedRegex(@"^\.(?<name>.+)\.[0-9a-f]{32}\.tmp$", RegexOptions.ExplicitCapture)]
    private static partial Regex TemporaryName();

    /// <summary>Makes a rename durable: POSIX keeps it in the directory's own blocks (fsync(2), notes). Windows has no such call.</summary>
    private static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(directory, ReadOnly);
        if (descriptor < 0)
        {
            // A directory may be writable and not readable. The file itself is on disk already.
            return;
        }

        // Some network file systems refuse to flush a directory, and offer nothing else.
        _ = FlushToDisk(descriptor);
        _ = Close(descriptor);
    }

    private const int ReadOnly = 0;

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FlushToDisk(int descriptor);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
