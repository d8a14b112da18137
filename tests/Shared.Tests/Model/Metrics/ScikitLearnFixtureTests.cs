using NnCluster.Model;

namespace NnCluster.Shared.Tests.Model.Metrics;

/// <summary>Metrics of models and of baselines against scikit-learn's (tests/fixtures/make_metric_fixtures.py).</summary>
public sealed class ScikitLearnFixtureTests
{
    private const double Tolerance = 1e-12;

    public static TheoryData<string> Classifications => [.. MetricFixtures.Instance.Classification.Select(test => test.Name)];

    public static TheoryData<string> Regressions => [.. MetricFixtures.Instance.Regression.Select(test => test.Name)];

    [Theory]
    [MemberData(nameof(Classifications))]
    public void Classification_metrics_are_those_of_scikit_learn(string name)
    {
        MetricFixtures.ClassificationCase test = CaseOf(name);
        // The clip at 1 − ε and the division by the sum of the row, which the definition of LogLoss leaves out.
        double tolerance = test.HasZeros ? (test.Classes + 1) * ClassificationMetrics.LeastProbability : Tolerance;
        AssertEqual(test.Metrics, ClassificationMetrics.Of(test.Scores, test.Labels, test.Names), tolerance);
    }

    [Theory]
    [MemberData(nameof(Classifications))]
    public void The_baseline_of_a_classification_is_the_prior_classifier_of_scikit_learn(string name)
    {
        MetricFixtures.ClassificationCase test = CaseOf(name);
        var baseline = ClassificationBaseline.Of(test.TrainingLabels, test.Names);
        AssertEqual(test.Baseline, baseline.Evaluate(test.Labels), Tolerance);
    }

    [Theory]
    [MemberData(nameof(Regressions))]
    public void Regression_metrics_and_their_baseline_are_those_of_scikit_learn(string name)
    {
        MetricFixtures.RegressionCase test = Assert.Single(MetricFixtures.Instance.Regression, test => test.Name == name);
        AssertEqual(test.Metrics, RegressionMetrics.Of(test.Predictions, test.Targets));
        AssertEqual(test.Baseline, RegressionBaseline.Of(test.TrainingTargets).Evaluate(test.Targets));
    }

    private static MetricFixtures.ClassificationCase CaseOf(string name) =>
        Assert.Single(MetricFixtures.Instance.Classification, test => test.Name == name);

    private static void AssertEqual(MetricFixtures.ClassificationValues expected, ClassificationMetrics actual, double logLossTolerance)
    {
        Assert.Equal(expected.Accuracy, actual.Accuracy, Tolerance);
        Assert.Equal(expected.BalancedAccuracy, actual.BalancedAccuracy, Tolerance);
        Assert.Equal(expected.MacroF1, actual.MacroF1, Tolerance);
        Assert.Equal(expected.Auc, actual.Auc, Tolerance);
        Assert.Equal(expected.LogLoss, actual.LogLoss, logLossTolerance);
        Assert.Equal(expected.Support, actual.Classes.Select(metrics => metrics.Support));
        Assert.Equal(expected.Confusion, actual.Confusion.Select(row => row.ToArray()));
        foreach ((int c, ClassMetrics metrics) in actual.Classes.Index())
        {
            Assert.Equal(expected.Precision[c], metrics.Precision, Tolerance);
            Assert.Equal(expected.Recall[c], metrics.Recall, Tolerance);
            Assert.Equal(expected.F1[c], metrics.F1, Tolerance);
        }
    }

    private static void AssertEqual(MetricFixtures.RegressionValues expected, RegressionMetrics actual)
    {
        Assert.Equal(expected.R2, actual.R2, Tolerance);
        Assert.Equal(expected.Mae, actual.MeanAbsoluteError, Tolerance);
        Assert.Equal(expected.Rmse, actual.RootMeanSquaredError, Tolerance);
    }
}
