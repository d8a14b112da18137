using System.Collections.Immutable;
using System.Text.Json;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Model.Metrics;

/// <summary>Labels, scores and the metrics of scikit-learn, written by tests/fixtures/make_metric_fixtures.py.</summary>
internal sealed record MetricFixtures(
    int Unit, MetricFixtures.ClassificationCase[] Classification, MetricFixtures.RegressionCase[] Regression)
{
    private static readonly Lazy<MetricFixtures> File = new(Read);

    public static MetricFixtures Instance => File.Value;

    private static MetricFixtures Read()
    {
        string json = System.IO.File.ReadAllText(Path.Combine(Repository.Root, "tests", "fixtures", "metric-fixtures.json"));
        return JsonSerializer.Deserialize<MetricFixtures>(json, JsonSerializerOptions.Web)!;
    }

    /// <param name="Name">Name of the case.</param>
    /// <param name="Classes">Number of classes.</param>
    /// <param name="Labels">(rows).</param>
    /// <param name="Probabilities">(rows, classes), in units of 1 / <see cref="Unit"/>.</param>
    /// <param name="TrainingLabels">(training rows).</param>
    /// <param name="HasZeros">Whether a probability is 0, so that scikit-learn's clip changes the sum of a row.</param>
    /// <param name="Metrics">Metrics of the probabilities.</param>
    /// <param name="Baseline">Metrics of <c>DummyClassifier(strategy="prior")</c>.</param>
    internal sealed record ClassificationCase(
        string Name,
        int Classes,
        int[] Labels,
        int[] Probabilities,
        int[] TrainingLabels,
        bool HasZeros,
        ClassificationValues Metrics,
        ClassificationValues Baseline)
    {
        public ImmutableArray<string> Names => [.. Enumerable.Range(0, Classes).Select(c => $"class {c}")];

        public float[] Scores => [.. Probabilities.Select(probability => (float)probability / Instance.Unit)];
    }

    internal sealed record ClassificationValues(
        double Accuracy,
        double BalancedAccuracy,
        double MacroF1,
        double Auc,
        double LogLoss,
        double[] Precision,
        double[] Recall,
        double[] F1,
        long[] Support,
        long[][] Confusion);

    internal sealed record RegressionCase(
        string Name, double[] Targets, double[] Predictions, double[] TrainingTargets, RegressionValues Metrics, RegressionValues Baseline);

    internal sealed record RegressionValues(double R2, double Mae, double Rmse);
}
