using System.Text.Json.Nodes;
using NnCluster.Cli.Reporting;

namespace NnCluster.Cli.Tests.Reporting;

public sealed class MetricsTextTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(200962.7, "200963")]
    [InlineData(-33752.25, "-33752")]
    [InlineData(12.345678, "12.346")]
    [InlineData(0.00123456, "0.0012346")]
    [InlineData(1.5, "1.5")]
    [InlineData(1e-7, "1E-07")]
    [InlineData(1e20, "1E+20")]
    public void A_number_in_a_unit_has_five_significant_digits_and_seldom_an_exponent(double value, string expected) =>
        Assert.Equal(expected, MetricsText.InUnit(value));

    [Fact]
    public void No_metric_is_minus_zero() =>
        Assert.StartsWith("R² 0.0000, ", MetricsText.Line(new() { ["r2"] = -0.00001, ["mae"] = 1.0, ["rmse"] = 2.0 }), StringComparison.Ordinal);

    /// <summary>A rare class that is found costs accuracy and gains balanced accuracy.</summary>
    [Fact]
    public void With_balanced_classes_the_balanced_accuracy_decides_whether_the_baseline_is_beaten()
    {
        var metrics = new JsonObject
        {
            ["accuracy"] = 0.87,
            ["balancedAccuracy"] = 0.93,
            ["baseline"] = new JsonObject { ["accuracy"] = 0.925, ["balancedAccuracy"] = 0.5 },
        };
        Assert.Null(MetricsText.WarningOf(metrics, isBalanced: true));
        Assert.Equal(
            "The model does not beat its baseline: accuracy 87.00 %, and 92.50 % by always answering the most frequent class of the training rows.",
            MetricsText.WarningOf(metrics, isBalanced: false));
    }
}
