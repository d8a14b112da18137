using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// Finds data sets: those known by name (searched for, else fetched, and always checked against their checksums), a
/// directory of IDX files, or a CSV file.
/// </summary>
public sealed class DatasetStore
{
    private readonly DatasetStoreOptions _options;
    private readonly DatasetDirectories _directories;

    /// <summary>A store with the given places and sources.</summary>
    public DatasetStore(DatasetStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _directories = new(options);
    }

    /// <summary>The sets known by name.</summary>
    public ImmutableArray<DatasetDescription> Known => _options.Known;

    /// <summary>
    /// Opens <c>mnist</c>, <c>fashion-mnist</c>, a directory with the four IDX files, or a CSV file. A known name wins over
    /// a file or directory so called; write <c>./mnist</c> for the latter.
    /// </summary>
    /// <exception cref="BadInputException">The set cannot be found, fetched or read; the message says what was tried.</exception>
    public async Task<Dataset> OpenAsync(string nameOrPath, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        if (Known.FirstOrDefault(set => set.Name == nameOrPath) is { } known)
        {
            return await OpenKnownAsync(known, cancellationToken).ConfigureAwait(false);
        }

        if (Directory.Exists(nameOrPath))
        {
            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(nameOrPath)));
            return await IdxDirectory.LoadAsync(nameOrPath, name, cancellationToken).ConfigureAwait(false);
        }

        throw new BadInputException(
            $"There is no data set {nameOrPath}: expected {string.Join(", ", Known.Select(set => set.Name))}, a directory with four IDX files, or a CSV file.");
    }

    private async Task<Dataset> OpenKnownAsync(DatasetDescription set, CancellationToken cancellationToken)
    {
        List<string> tried = [];
        return await FindAsync(set, _directories.For(set), tried, cancellationToken).ConfigureAwait(false)
            ?? throw NotFound(set, tried);
    }

    /// <summary>The set from the first directory that has it whole and unchanged; null, with the reasons in <paramref name="tried"/>.</summary>
    private async Task<Dataset?> FindAsync(
        DatasetDescription set, IEnumerable<string> directories, List<string> tried, CancellationToken cancellationToken)
    {
        foreach (string directory in directories)
        {
            string[] missing = IdxDirectory.Missing(directory);
            if (missing.Length > 0)
            {
                tried.Add(missing.Length < set.Files.Length ? $"{directory}: has no {string.Join(", no ", missing)}" : $"{directory}: not there");
                continue;
            }

            try
            {
                return await IdxDirectory.LoadAsync(directory, set, cancellationToken).ConfigureAwait(false);
            }
            catch (BadInputException wrong)
            {
                tried.Add($"{directory}: {wrong.Message}");
                _options.Progress?.Report(new(set.Name, $"not used: {wrong.Message}"));
            }
        }

        return null;
    }

    private static BadInputException NotFound(DatasetDescription set, List<string> tried) =>
        new($"The data set {set.Name} was not found.\n  {string.Join("\n  ", tried)}");
}
