using System.Globalization;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>A file system in memory whose size can be cut down to what is on it; only root may make one.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Whole = "4g";
    private const long Block = 4096;

    private readonly string _path;

    /// <summary>Mounts it.</summary>
    /// <param name="path">Where; created.</param>
    /// <exception cref="FaultException">It cannot be mounted.</exception>
    public SmallDisk(string path)
    {
        _path = path;
        Directory.CreateDirectory(path);
        SystemCommand.Run("mount", "-t", "tmpfs", "-o", $"size={Whole}", "nncluster-chaos", path);
    }

    /// <summary>Takes away all free space.</summary>
    public void Fill()
    {
        var drive = new DriveInfo(_path);
        long free = drive.TotalFreeSpace;
        if (free > 0)
        {
            // Whoever writes meanwhile makes this fail; it is tried again soon.
            long used = drive.TotalSize - free;
            SystemCommand.Try("mount", "-o", string.Create(CultureInfo.InvariantCulture, $"remount,size={Math.Max(Block, used)}"), _path);
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => SystemCommand.Run("mount", "-o", $"remount,size={Whole}", _path);

    /// <summary>Unmounts it; what is on it is lost.</summary>
    public void Dispose() => SystemCommand.Try("umount", "--lazy", _path);
}
