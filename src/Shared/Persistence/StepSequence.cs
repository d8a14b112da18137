using System.Globalization;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Whether a run's metrics have every step once and in order.</summary>
internal static class StepSequence
{
    private const string Prefix = "{\"step\":";

    /// <summary>Null, or what is wrong.</summary>
    /// <param name="metrics">The run's <c>metrics.jsonl</c>.</param>
    /// <param name="steps">How many there must be.</param>
    public static string? Check(string metrics, long steps)
    {
        long expected = 1;
        foreach (string line in File.ReadLines(metrics).Where(line => line.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            long step = long.Parse(line.AsSpan(Prefix.Length, line.IndexOf(',', StringComparison.Ordinal) - Prefix.Length), CultureInfo.InvariantCulture);
            if (step != expected)
            {
                return $"{metrics}: step {expected} is expected, found {step}";
            }

            expected++;
        }

        return expected == steps + 1 ? null : $"{metrics}: ends with step {expected - 1} of {steps}";
    }
}
