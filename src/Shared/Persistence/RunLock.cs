using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace NnCluster.Persistence;

/// <summary>
/// The lock file of a run directory. The process that writes to the directory holds it open without sharing; its contents
/// are the id of that process. A process that was killed leaves the file behind, unlocked.
/// </summary>
internal static partial class RunLock
{
    private const int MostDigits = 20;
    private const int ReadOnly = 0;

    /// <summary>Writes the id of this process into a lock file that it holds.</summary>
    public static void WriteOwner(FileStream held)
    {
        held.SetLength(0);
        held.Write(Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)));
        held.Flush();
    }

    /// <summary>Whether a process holds the lock of a run directory.</summary>
    /// <param name="paths">The run directory.</param>
    /// <param name="owner">Id of that process on its machine; null where it cannot be read.</param>
    public static bool IsHeld(RunPaths paths, out int? owner)
    {
        owner = null;
        string path = paths.Lock;
        try
        {
            // A shared lock: it fails while the owner holds its own, and lets several processes ask at once.
            using var free = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return false;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return false;
        }
        catch (IOException)
        {
            owner = OwnerIn(path);
            return true;
        }
    }

    private static int? OwnerIn(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            // No other process can open a file that is not shared.
            return null;
        }

        // FileStream locks every file that it opens, and the lock is held.
        using var handle = new SafeFileHandle(Open(path, ReadOnly), ownsHandle: true);
        if (handle.IsInvalid)
        {
            return null;
        }

        byte[] text = new byte[MostDigits];
        int length = RandomAccess.Read(handle, text, fileOffset: 0);
        string digits = Encoding.ASCII.GetString(text, 0, length);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out int id) ? id : null;
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);
}
