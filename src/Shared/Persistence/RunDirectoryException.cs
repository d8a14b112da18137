namespace NnCluster.Persistence;

/// <summary>A run directory or a file in it cannot be written. The message is one line: the path and the reason.</summary>
public sealed class RunDirectoryException : Exception
{
    /// <summary>Creates the exception for a path and the error of the file system.</summary>
    public RunDirectoryException(string path, Exception cause)
        : base($"{path}: cannot be written: {cause?.Message.ReplaceLineEndings(" ")}", cause) => Path = path;

    /// <summary>The file or directory that could not be written.</summary>
    public string Path { get; }

    /// <summary>Runs an action that writes <paramref name="path"/> and converts errors of the file system to this exception.</summary>
    public static T Guard<T>(string path, Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new RunDirectoryException(path, error);
        }
    }

    /// <inheritdoc cref="Guard{T}"/>
    public static void Guard(string path, Action write) => Guard(path, () =>
    {
        write();
        return true;
    });
}
