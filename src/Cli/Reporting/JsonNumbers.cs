using System.Text.Json.Nodes;

namespace NnCluster.Cli.Reporting;

/// <summary>Numbers in JSON, which has none that are not finite.</summary>
internal static class JsonNumbers
{
    /// <summary>The number; null if it is not finite.</summary>
    public static JsonValue? Of(float value) => float.IsFinite(value) ? JsonValue.Create(value) : null;

    /// <inheritdoc cref="Of(float)"/>
    public static JsonValue? Of(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;
}
