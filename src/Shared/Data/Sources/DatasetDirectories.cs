namespace NnCluster.Data;

/// <summary>Directories that are searched for a known set, from the environment.</summary>
internal sealed class DatasetDirectories(DatasetStoreOptions options)
{
    private const string ApplicationName = "nncluster";

    /// <summary>
    /// The user's cache directory for data sets; a fetched set is stored in a directory of its name below it. Null if the environment
    /// names no home directory.
    /// </summary>
    public string? Cache
    {
        get
        {
            string? home = Variable("HOME");
            return Below(Variable("XDG_CACHE_HOME"), ApplicationName)
                ?? (OperatingSystem.IsWindows() ? Below(Variable("LOCALAPPDATA"), ApplicationName, "Cache")
                    : OperatingSystem.IsMacOS() ? Below(home, "Library", "Caches", ApplicationName)
                    : Below(home, ".cache", ApplicationName));
        }
    }

    /// <summary>
    /// Directories in the order of the search: the given directory, <c>NNCLUSTER_DATA</c> and the cache, and before each of them its
    /// subdirectory of the set's name.
    /// </summary>
    public IEnumerable<string> For(DatasetDescription set)
    {
        foreach (string? place in (string?[])[options.DataDirectory, Variable("NNCLUSTER_DATA"), Cache])
        {
            if (place is not null)
            {
                yield return Path.Combine(place, set.Name);
                yield return place;
            }
        }
    }

    /// <summary>Directories in which a system package may have installed the set.</summary>
    public IEnumerable<string> OfSystemPackage(DatasetDescription set)
    {
        if (set.SystemDirectory is not null && !OperatingSystem.IsWindows())
        {
            // The default is that of the XDG Base Directory Specification.
            string shared = Variable("XDG_DATA_DIRS") ?? "/usr/local/share:/usr/share";
            foreach (string place in shared.Split(':', StringSplitOptions.RemoveEmptyEntries))
            {
                yield return Path.Combine(place, set.SystemDirectory);
            }
        }
    }

    private string? Variable(string name) => options.Environment(name) is { Length: > 0 } value ? value : null;

    private static string? Below(string? place, params string[] path) => place is null ? null : Path.Combine([place, .. path]);
}
