using System.Collections.Immutable;
using System.Text.Json.Nodes;
using SkiaSharp;

namespace NnCluster.Cli.Explore;

/// <summary>A figure to render.</summary>
/// <param name="Name">Name of the file, without its extension.</param>
/// <param name="Width">Width, in pixels.</param>
/// <param name="Height">Height, in pixels.</param>
/// <param name="Render">Draws on the white canvas; called once for each format.</param>
internal sealed record Figure(string Name, int Width, int Height, Action<SKCanvas> Render);

/// <summary>Results of an experiment.</summary>
internal sealed record Findings
{
    /// <summary>The results in short, as <c>--json</c> prints them.</summary>
    public required JsonObject Summary { get; init; }

    /// <summary>The numbers of each figure; <c>results.json</c> holds them besides the summary.</summary>
    public required JsonObject Numbers { get; init; }

    /// <summary>The figures.</summary>
    public required ImmutableArray<Figure> Figures { get; init; }

    /// <summary>The results as lines of text.</summary>
    public required ImmutableArray<string> Lines { get; init; }

    /// <summary>Converts a number to JSON, rounded to 6 decimals; null for NaN and infinities.</summary>
    public static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(Math.Round(value, 6)) : null;

    /// <summary>Converts numbers to JSON, as <see cref="Number"/> does.</summary>
    public static JsonArray Numbered(IEnumerable<double> values) => new([.. values.Select(Number)]);
}

/// <summary>An experiment of <c>nncluster explore</c>.</summary>
internal interface IExperiment
{
    /// <summary>Name of the sub-command.</summary>
    string Name { get; }

    /// <summary>Description in the help, one sentence.</summary>
    string Description { get; }

    /// <summary>Whether it trains on points in the plane (<c>--shape</c>, <c>--noise</c>) rather than on <c>--dataset</c>.</summary>
    bool IsPlanar { get; }

    /// <summary>Trains and measures the networks.</summary>
    /// <exception cref="BadInputException">The data cannot be used.</exception>
    Task<Findings> RunAsync(ExperimentRuns runs);
}
