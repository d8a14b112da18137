using CsCheck;
using NnCluster.Model;

namespace NnCluster.Shared.Tests.Model.Metrics;

public sealed class RegressionMetricsTests
{
    private const double Tolerance = 1e-12;

    private static readonly Gen<(double[] Predictions, double[] Targets)> AnyRows =
        from count in Gen.Int[2, 40]
        from predictions in Gen.Double[-1, 1].Array[count]
        from targets in Gen.Double[-1, 1].Array[count]
        where targets.Max() - targets.Min() > 0.1
        select (predictions, targets);

    [Fact]
    public void The_order_of_the_rows_changes_no_metric() =>
        Gen.Select(AnyRows, Gen.Int[0, 1 << 20]).Sample((rows, seed) =>
        {
            int[] order = [.. Enumerable.Range(0, rows.Targets.Length)];
            new Random(seed).Shuffle(order);
            var expected = RegressionMetrics.Of(rows.Predictions, rows.Targets);
            var actual = RegressionMetrics.Of([.. order.Select(row => rows.Predictions[row])], [.. order.Select(row => rows.Targets[row])]);
            Assert.Equal(1, (1 - expected.R2) / (1 - actual.R2), Tolerance);
            Assert.Equal(expected.MeanAbsoluteError, actual.MeanAbsoluteError, Tolerance);
            Assert.Equal(expected.RootMeanSquaredError, actual.RootMeanSquaredError, Tolerance);
        });

    [Fact]
    public void Perfect_predictions_have_no_error() => AnyRows.Sample(rows => Assert.Equal(
        new() { R2 = 1, MeanAbsoluteError = 0, RootMeanSquaredError = 0 }, RegressionMetrics.Of(rows.Targets, rows.Targets)));

    [Fact]
    public void The_mean_of_the_same_rows_has_an_R2_of_0() =>
        AnyRows.Sample(rows => Assert.Equal(0, RegressionBaseline.Of(rows.Targets).Evaluate(rows.Targets).R2));

    [Fact]
    public void Equal_targets_have_no_R2()
    {
        double[] targets = [0.1, 0.1, 0.1]; // their sum divided by 3 is not 0.1
        var metrics = RegressionMetrics.Of([0.1, 0.1, 0.4], targets);
        Assert.Equal(double.NaN, metrics.R2);
        Assert.Equal(0.1, metrics.MeanAbsoluteError, Tolerance);
        Assert.Equal(Math.Sqrt(0.03), metrics.RootMeanSquaredError, Tolerance);
    }

    [Fact]
    public void Rows_that_do_not_fit_are_refused()
    {
        Assert.Contains("2 targets have 1 predictions", Assert.Throws<ArgumentException>(() => RegressionMetrics.Of([1], [1, 2])).Message);
        Assert.Contains("at least one row", Assert.Throws<ArgumentException>(() => RegressionMetrics.Of([], [])).Message);
        Assert.Contains("at least one row", Assert.Throws<ArgumentException>(() => RegressionBaseline.Of([])).Message);
    }
}
