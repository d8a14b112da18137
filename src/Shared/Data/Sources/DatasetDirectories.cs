namespace NnCluster.Data;

/// <summary>The directories in which a named set may lie, from the environment.</summary>
internal sealed class DatasetDirectories(DatasetStoreOptions options)
{
    private const string ApplicationName = "nncluster";

    /// <summary>
    /// The user's cache directory for data sets, where fetched sets are put, each in a directory of its name; null when
    /// the environment names no home.
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
    /// In the order they are searched: each place's directory of the set's name, then the place itself; places are the
    /// given directory, <c>NNCLUSTER_DATA</c> and the cache.
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

    /// <summary>Where a system package would have put the set.</summary>
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
