namespace NnCluster.Model;

/// <summary>Predictor that sees no feature: it answers every row with the mean of the training targets.</summary>
/// <param name="Mean">Mean of the training targets, in their unit.</param>
internal sealed record RegressionBaseline(double Mean)
{
    /// <summary>The baseline of training targets.</summary>
    /// <param name="trainingTargets">Target of each training row, (rows); at least one row.</param>
    /// <exception cref="ArgumentException">There is no row.</exception>
    public static RegressionBaseline Of(ReadOnlySpan<double> trainingTargets) => new(RegressionMetrics.RequireMean(trainingTargets));

    /// <summary>Compares its answers with targets.</summary>
    /// <param name="targets">Target of each row, (rows); at least one row.</param>
    /// <exception cref="ArgumentException">There is no row.</exception>
    public RegressionMetrics Evaluate(ReadOnlySpan<double> targets)
    {
        double[] predictions = new double[targets.Length];
        Array.Fill(predictions, Mean);
        return RegressionMetrics.Of(predictions, targets);
    }
}
