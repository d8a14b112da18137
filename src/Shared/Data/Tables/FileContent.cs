namespace NnCluster.Data;

/// <summary>Content of files that may be pipes, devices or links to them.</summary>
internal static class FileContent
{
    /// <summary>
    /// Bytes of the regular file that a path leads to, over symbolic links; 0 for a pipe, a device, and where there is nothing. A pipe is
    /// not opened: its writer would fail if it were closed again.
    /// </summary>
    public static long LengthOf(string path)
    {
        try
        {
            FileSystemInfo? target = new FileInfo(path).LinkTarget is null ? null : File.ResolveLinkTarget(path, returnFinalTarget: true);
            return (target ?? new FileInfo(path)) is FileInfo { Exists: true } file ? file.Length : 0;
        }
        catch (IOException)
        {
            // The links form a circle.
            return 0;
        }
    }
}
