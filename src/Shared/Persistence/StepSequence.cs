using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Checks that the metrics of a run have every step once and in order.</summary>
internal static class StepSequence
{
    /// <summary>Checks a file.</summary>
    /// <param name="metrics">The <c>metrics.jsonl</c> of a run.</param>
    /// <param name="steps">Number of steps expected; they count from 1.</param>
    /// <returns>Null, or the first deviation in one line.</returns>
    /// <exception cref="BadInputException">The file cannot be read.</exception>
    public static string? Check(string metrics, long steps)
    {
        long expected = 1;
        foreach (StepCompleted step in MetricsReader.Read(metrics).OfType<StepCompleted>())
        {
            if (step.Step != expected)
            {
                return $"{metrics}: step {expected} is expected, found {step.Step}";
            }

            expected++;
        }

        return expected == steps + 1 ? null : $"{metrics}: ends with step {expected - 1} of {steps}";
    }
}
