using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>
/// Finds data sets: known ones by name, which are searched for or else fetched and always verified by checksum; a directory of IDX
/// files or of images by class; a prepared directory; or a table.
/// </summary>
public sealed class DatasetStore
{
    private readonly DatasetStoreOptions _options;
    private readonly DatasetDirectories _directories;

    /// <summary>A store with the given directories and sources.</summary>
    public DatasetStore(DatasetStoreOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _directories = new(options);
    }

    /// <summary>The user's cache directory for this program; null if the environment names no home directory.</summary>
    public static string? CacheDirectory => new DatasetDirectories(new()).Cache;

    /// <summary>The sets known by name.</summary>
    public ImmutableArray<DatasetDescription> Known => _options.Known;

    /// <summary>
    /// Opens <c>mnist</c>, <c>fashion-mnist</c>, a directory with the four IDX files or of images by class, a prepared directory, or a table. A
    /// known name takes precedence over a file or directory of that name; <c>./mnist</c> names the latter.
    /// </summary>
    /// <param name="nameOrPath">A known name, a directory or a file.</param>
    /// <param name="options">
    /// Target, task, parts and preparation; null: the defaults. Of a set of images, only its parts count; of a directory of images, also size
    /// and colours.
    /// </param>
    /// <param name="cancellationToken">Ends a fetch.</param>
    /// <exception cref="BadInputException">The set cannot be found, fetched or read; the message lists the places tried.</exception>
    public async Task<Dataset> OpenAsync(
        string nameOrPath, TableOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(nameOrPath);
        if (Known.FirstOrDefault(set => set.Name == nameOrPath) is { } known)
        {
            return Divided(await OpenKnownAsync(known, cancellationToken).ConfigureAwait(false), options);
        }

        if (PreparedDirectory.Exists(nameOrPath))
        {
            return await Task.Run(() => PreparedDirectory.Open(nameOrPath, options), cancellationToken).ConfigureAwait(false);
        }

        if (Directory.Exists(nameOrPath))
        {
            if (IdxDirectory.Missing(nameOrPath).Length == KnownDatasets.FileNames.Length)
            {
                RequireNoFiles(nameOrPath, options);
                ImageOptions images = (options?.Images ?? new()) with { Splits = options?.Splits ?? new(), Progress = options?.Progress ?? _options.Progress };
                return await Task.Run(() => ImageDataset.Read(nameOrPath, images), cancellationToken).ConfigureAwait(false);
            }

            if (IdxDirectory.Missing(nameOrPath).Length == 0 && IdxFeatures.AreIn(nameOrPath))
            {
                return await Task.Run(() => IdxFeatures.Read(nameOrPath, options ?? new()), cancellationToken).ConfigureAwait(false);
            }

            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(nameOrPath)));
            return Divided(await IdxDirectory.LoadAsync(nameOrPath, name, cancellationToken).ConfigureAwait(false), options);
        }

        if (TableFile.Exists(nameOrPath))
        {
            return await Task.Run(() => TableDataset.Read(nameOrPath, options), cancellationToken).ConfigureAwait(false);
        }

        throw new BadInputException(
            $"There is no data set {nameOrPath}: expected {string.Join(", ", Known.Select(set => set.Name))}, "
            + $"a directory with four IDX files or with a directory of images for each class, a prepared directory, or a file: {TableFile.Formats}.");
    }

    private static void RequireNoFiles(string name, TableOptions? options)
    {
        if ((options?.TestFile ?? options?.ValidationFile) is { } file)
        {
            throw new BadInputException($"{file}: the rows of {name} are images; give a share or a number of rows.");
        }
    }

    private static Dataset Divided(Dataset images, TableOptions? options)
    {
        RequireNoFiles(images.Name, options);
        return options is null ? images : images.WithSplits(options.Splits);
    }

    /// <summary>
    /// Fetches a known set into the user's cache directory, even if it exists elsewhere, and returns its directory. Complete files are
    /// kept.
    /// </summary>
    /// <exception cref="BadInputException">
    /// The name is unknown, or no source has the files; the message lists the sources tried.
    /// </exception>
    public async Task<string> FetchAsync(string name, CancellationToken cancellationToken = default)
    {
        DatasetDescription set = Known.FirstOrDefault(set => set.Name == name) ?? throw new BadInputException(
            $"There is no data set {name} to fetch: expected {string.Join(" or ", Known.Select(set => set.Name))}.");
        List<string> tried = [];
        return await TryFetchAsync(set, tried, cancellationToken).ConfigureAwait(false) ?? throw NotFound(set, tried);
    }

    private async Task<Dataset> OpenKnownAsync(DatasetDescription set, CancellationToken cancellationToken)
    {
        List<string> tried = [];
        if (await FindAsync(set, _directories.For(set), tried, cancellationToken).ConfigureAwait(false) is { } found)
        {
            return found;
        }

        if (_options.AllowFetch && await TryFetchAsync(set, tried, cancellationToken).ConfigureAwait(false) is { } fetched)
        {
            return await IdxDirectory.LoadAsync(fetched, set, cancellationToken).ConfigureAwait(false);
        }

        return await FindAsync(set, _directories.OfSystemPackage(set), tried, cancellationToken).ConfigureAwait(false)
            ?? throw NotFound(set, tried);
    }

    private async Task<string?> TryFetchAsync(DatasetDescription set, List<string> tried, CancellationToken cancellationToken)
    {
        if (_directories.Cache is not { } cache)
        {
            tried.Add("fetching: the environment names no home and so no cache directory");
            return null;
        }

        string directory = Path.Combine(cache, set.Name);
        var fetcher = new DatasetFetcher(_options, _directories);
        return await fetcher.TryFetchAsync(set, directory, tried, cancellationToken).ConfigureAwait(false) ? directory : null;
    }

    /// <summary>
    /// The set from the first directory with all its files unchanged; else null, with the reasons in <paramref name="tried"/>.
    /// </summary>
    private async Task<Dataset?> FindAsync(
        DatasetDescription set, IEnumerable<string> directories, List<string> tried, CancellationToken cancellationToken)
    {
        foreach (string directory in directories)
        {
            if (IdxDirectory.WhyNot(directory) is { } reason)
            {
                tried.Add(reason);
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

    private static readonly PropertyName DirectoryName = new(nameof(DatasetStoreOptions), nameof(DatasetStoreOptions.DataDirectory));

    private BadInputException NotFound(DatasetDescription set, List<string> tried)
    {
        string place = _directories.Cache is { } cache ? Path.Combine(cache, set.Name) : "a directory";
        string package = set.SystemPackage is { } name ? $", or install the system package {name}" : "";
        string files = string.Concat(set.Files.Select(file => $"\n  {file.Name}  ({file.Length} bytes, SHA-256 {file.Sha256})"));
        string fetched = _options.AllowFetch ? " and could not be fetched" : "";
        string searched = string.Join("\n  ", tried.Distinct());
        return new(
            DirectoryName,
            $"The data set {set.Name} is not on this machine{fetched}. Tried:\n  {searched}\n",
            $"Put these files, plain or as .gz, into {place}, ",
            $"or give their directory with {DirectoryName} or NNCLUSTER_DATA{package}:{files}");
    }
}
