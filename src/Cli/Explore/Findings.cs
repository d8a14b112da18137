using System.Collections.Immutable;
using System.Text.Json.Nodes;
using SkiaSharp;

namespace NnCluster.Cli.Explore;

/// <summary>A figure before it is a file.</summary>
/// <param name="Name">The file's name without its ending.</param>
/// <param name="Width">Pixels.</param>
/// <param name="Height">Pixels.</param>
/// <param name="Render">Draws on the white canvas; called once for each format.</param>
internal sealed record Figure(string Name, int Width, int Height, Action<SKCanvas> Render);

/// <summary>What an experiment found.</summary>
internal sealed record Findings
{
    /// <summary>The result in short: what <c>--json</c> prints.</summary>
    public required JsonObject Summary { get; init; }

    /// <summary>The numbers behind each figure, too many to print: what <c>results.json</c> holds besides.</summary>
    public required JsonObject Numbers { get; init; }

    /// <summary>The figures.</summary>
    public required ImmutableArray<Figure> Figures { get; init; }

    /// <summary>The result in words and tables.</summary>
    public required ImmutableArray<string> Lines { get; init; }

    /// <summary>A number as JSON has it: null for NaN and infinities, rounded to what matters.</summary>
    public static JsonNode? Number(double value) => double.IsFinite(value) ? JsonValue.Create(Math.Round(value, 6)) : null;

    /// <summary>A list of numbers.</summary>
    public static JsonArray Numbered(IEnumerable<double> values) => new([.. values.Select(Number)]);
}

/// <summary>One of the notebook's experiments.</summary>
internal interface IExperiment
{
    /// <summary>The name of the sub-command.</summary>
    string Name { get; }

    /// <summary>One sentence for the help.</summary>
    string Description { get; }

    /// <summary>Whether it trains on points in the plane (<c>--shape</c>, <c>--noise</c>) rather than on <c>--dataset</c>.</summary>
    bool IsPlanar { get; }

    /// <summary>Trains, measures and draws.</summary>
    /// <exception cref="BadInputException">The data cannot be used.</exception>
    Task<Findings> RunAsync(ExperimentRuns runs);
}
