using System.Collections.Immutable;
using NnCluster.Model;

namespace NnCluster.Shared.Tests.Model.Metrics;

public sealed class ModelMetricsTests
{
    private static readonly ImmutableArray<string> Names = ["no", "yes"];

    [Fact]
    public void The_baseline_answers_with_the_first_of_the_most_frequent_training_classes()
    {
        var baseline = ClassificationBaseline.Of([2, 1, 1, 2], ["a", "b", "c"]);
        Assert.Equal(1, baseline.MostFrequentClass);
        Assert.Equal([0, 0.5, 0.5], baseline.Frequencies.AsEnumerable());
    }

    [Fact]
    public void A_class_that_training_lacks_costs_the_baseline_the_logarithm_of_the_epsilon_of_float32()
    {
        ClassificationMetrics metrics = ClassificationBaseline.Of([0], Names).Evaluate([1, 1]);
        Assert.Equal(23 * Math.Log(2), metrics.LogLoss, 1e-12);
        Assert.Equal(double.NaN, metrics.Auc);
        Assert.Equal(0, metrics.Accuracy);
    }

    [Fact]
    public void A_classifier_must_be_more_accurate_than_the_baseline()
    {
        ClassificationMetrics baseline = ClassificationBaseline.Of([0, 0, 1], Names).Evaluate([0, 1]);
        Assert.True(ModelMetrics.Of(ClassificationMetrics.Of([1, 0, 0, 1], [0, 1], Names), baseline).BeatsBaseline);
        Assert.False(ModelMetrics.Of(baseline, baseline).BeatsBaseline);
    }

    [Fact]
    public void A_regression_must_have_a_smaller_error_than_the_baseline()
    {
        RegressionMetrics baseline = RegressionBaseline.Of([1, 3]).Evaluate([1, 3]);
        Assert.True(ModelMetrics.Of(RegressionMetrics.Of([1, 2], [1, 3]), baseline).BeatsBaseline);
        Assert.False(ModelMetrics.Of(baseline, baseline).BeatsBaseline);
        Assert.False(ModelMetrics.Of(RegressionMetrics.Of([double.NaN, 3], [1, 3]), baseline).BeatsBaseline);
    }

    [Fact]
    public void The_JSON_of_a_classification_names_its_classes()
    {
        var metrics = ModelMetrics.Of(
            ClassificationMetrics.Of([1, 0, 0.5f, 0.5f], [0, 0], Names), ClassificationBaseline.Of([0], Names).Evaluate([0, 0]));
        const string Expected =
            """
            {"accuracy":1,"balancedAccuracy":1,"macroF1":1,"auc":null,"logLoss":0.34657359027997264,"classes":[
            {"name":"no","precision":1,"recall":1,"f1":1,"support":2},{"name":"yes","precision":0,"recall":0,"f1":0,"support":0}],
            "baseline":{"accuracy":1,"balancedAccuracy":1,"macroF1":1,"auc":null,"logLoss":0}}
            """;
        Assert.Equal(Expected.ReplaceLineEndings(""), metrics.ToJson().ToJsonString());
    }

    [Fact]
    public void The_JSON_of_a_regression_has_its_errors()
    {
        var metrics = ModelMetrics.Of(RegressionMetrics.Of([1, 2.5], [1, 3]), RegressionBaseline.Of([2]).Evaluate([4, 4]));
        Assert.Equal(
            """{"r2":0.875,"mae":0.25,"rmse":0.3535533905932738,"baseline":{"r2":null,"mae":2,"rmse":2}}""",
            metrics.ToJson().ToJsonString());
    }
}
