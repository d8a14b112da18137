namespace NnCluster.Model;

/// <summary>Quality of predictions of one real-valued target.</summary>
/// <remarks>
/// All sums are in double precision, in row order, by one thread: the bits depend on the rows and their order alone. The
/// definitions are those of scikit-learn (<c>r2_score</c>, <c>mean_absolute_error</c>, <c>mean_squared_error</c>), except where
/// a member says otherwise.
/// </remarks>
public sealed record RegressionMetrics
{
    /// <summary>
    /// Coefficient of determination 1 − Σ (target − prediction)² / Σ (target − mean target)², at most 1; negative if the mean of
    /// the targets would be the better prediction. NaN if all targets are equal, where scikit-learn gives 0 or 1.
    /// </summary>
    public required double R2 { get; init; }

    /// <summary>Mean of |target − prediction|, in the unit of the target.</summary>
    public required double MeanAbsoluteError { get; init; }

    /// <summary>Square root of the mean of (target − prediction)², in the unit of the target.</summary>
    public required double RootMeanSquaredError { get; init; }

    /// <summary>Compares predictions with targets.</summary>
    /// <param name="predictions">Predicted value of each row, (rows), in the unit of the target.</param>
    /// <param name="targets">Target of each row, (rows); at least one row.</param>
    /// <exception cref="ArgumentException">The lengths differ, or there is no row.</exception>
    public static RegressionMetrics Of(ReadOnlySpan<double> predictions, ReadOnlySpan<double> targets)
    {
        double mean = RequireMean(targets);
        if (predictions.Length != targets.Length)
        {
            throw new ArgumentException($"{targets.Length} targets have {predictions.Length} predictions.", nameof(predictions));
        }

        double absolute = 0;
        double squared = 0;
        double variation = 0;
        for (int i = 0; i < targets.Length; i++)
        {
            double error = targets[i] - predictions[i];
            double deviation = targets[i] - mean;
            absolute += Math.Abs(error);
            squared += error * error;
            variation += deviation * deviation;
        }

        bool areEqual = !targets.ContainsAnyExcept(targets[0]);
        return new()
        {
            R2 = areEqual ? double.NaN : 1 - (squared / variation),
            MeanAbsoluteError = absolute / targets.Length,
            RootMeanSquaredError = Math.Sqrt(squared / targets.Length),
        };
    }

    /// <summary>Mean of the targets, summed in row order.</summary>
    /// <exception cref="ArgumentException">There is no row.</exception>
    internal static double RequireMean(ReadOnlySpan<double> targets)
    {
        if (targets.IsEmpty)
        {
            throw new ArgumentException("There must be at least one row.", nameof(targets));
        }

        double sum = 0;
        foreach (double target in targets)
        {
            sum += target;
        }

        return sum / targets.Length;
    }
}
