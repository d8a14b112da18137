using System.Globalization;

namespace NnCluster.Cli.Chaos;

/// <summary>A file system in memory whose size can be reduced to that of its contents. Only root may create one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const string FullSize = "4g";
    private const long Block = 4096;

    private readonly string _path;

    /// <summary>Mounts the file system.</summary>
    /// <param name="path">Mount point; created.</param>
    /// <exception cref="FaultException">The file system cannot be mounted.</exception>
    public SmallDisk(string path)
    {
        _path = path;
        Directory.CreateDirectory(path);
        SystemCommand.Run("mount", "-t", "tmpfs", "-o", $"size={FullSize}", "nncluster-chaos", path);
    }

    /// <summary>Removes all free space.</summary>
    public void Fill()
    {
        var drive = new DriveInfo(_path);
        long free = drive.TotalFreeSpace;
        if (free > 0)
        {
            // Fails if a process writes meanwhile; the injector retries.
            long used = drive.TotalSize - free;
            SystemCommand.Try("mount", "-o", string.Create(CultureInfo.InvariantCulture, $"remount,size={Math.Max(Block, used)}"), _path);
        }
    }

    /// <summary>Restores the free space.</summary>
    public void Free() => SystemCommand.Run("mount", "-o", $"remount,size={FullSize}", _path);

    /// <summary>Unmounts the file system; its contents are lost.</summary>
    public void Dispose() => SystemCommand.Try("umount", "--lazy", _path);
}
