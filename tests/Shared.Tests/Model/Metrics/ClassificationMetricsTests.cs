using System.Collections.Immutable;
using CsCheck;
using NnCluster.Model;

namespace NnCluster.Shared.Tests.Model.Metrics;

public sealed class ClassificationMetricsTests
{
    private const double Tolerance = 1e-12;

    private static readonly ImmutableArray<string> Two = ["no", "yes"];

    /// <summary>Rows whose scores are multiples of 1/8, so that many are equal.</summary>
    private static readonly Gen<Rows> AnyRows =
        from classes in Gen.Int[1, 5]
        from count in Gen.Int[1, 40]
        from labels in Gen.Int[0, classes - 1].Array[count]
        from scores in Gen.Int[0, 8].Select(eighths => eighths / 8f).Array[count * classes]
        select new Rows(classes, labels, scores);

    [Fact]
    public void The_order_of_the_rows_changes_no_metric() =>
        Gen.Select(AnyRows, Gen.Int[0, 1 << 20]).Sample((rows, seed) =>
        {
            ClassificationMetrics expected = rows.Metrics;
            ClassificationMetrics actual = rows.Shuffled(seed).Metrics;
            Assert.Equal(expected.LogLoss, actual.LogLoss, Tolerance);
            Assert.Equal(expected with { LogLoss = 0 }, actual with { LogLoss = 0 });
        });

    [Fact]
    public void The_confusion_matrix_counts_every_row_once_and_its_lines_are_the_support() =>
        AnyRows.Sample(rows =>
        {
            ClassificationMetrics metrics = rows.Metrics;
            Assert.Equal(rows.Labels.Length, metrics.Confusion.Sum(line => line.Sum()));
            Assert.Equal(metrics.Classes.Select(c => c.Support), metrics.Confusion.Select(line => line.Sum()));
            Assert.Equal(metrics.Accuracy * rows.Labels.Length, metrics.Confusion.Select((line, c) => line[c]).Sum(), Tolerance);
        });

    [Fact]
    public void Perfect_predictions_give_1_and_no_loss() =>
        AnyRows.Sample(rows =>
        {
            float[] scores = new float[rows.Scores.Length];
            foreach ((int row, int label) in rows.Labels.Index())
            {
                scores[(row * rows.Classes) + label] = 1;
            }

            ClassificationMetrics metrics = (rows with { Scores = scores }).Metrics;
            Assert.Equal([1, 1, 1, 0], [metrics.Accuracy, metrics.BalancedAccuracy, metrics.MacroF1, metrics.LogLoss]);
            Assert.Equal(rows.Labels.Distinct().Count() > 1 ? 1 : double.NaN, metrics.Auc);
        });

    [Fact]
    public void Reversed_scores_reverse_the_area_under_the_curve() =>
        AnyRows.Where(rows => rows.Labels.Distinct().Count() > 1).Sample(rows =>
        {
            ClassificationMetrics reversed = (rows with { Scores = [.. rows.Scores.Select(score => 1 - score)] }).Metrics;
            Assert.Equal(1 - rows.Metrics.Auc, reversed.Auc, Tolerance);
        });

    [Fact]
    public void The_area_under_the_curve_is_the_share_of_pairs_in_order() =>
        AnyRows.Where(rows => rows.Classes == 2 && rows.Labels.Distinct().Count() == 2).Sample(rows =>
        {
            float[] Of(int label) =>
                [.. rows.Labels.Index().Where(row => row.Item == label).Select(row => rows.Scores[(2 * row.Index) + 1])];
            double share = (from positive in Of(1) from negative in Of(0) select (1 + positive.CompareTo(negative)) / 2.0).Average();
            Assert.Equal(share, rows.Metrics.Auc, Tolerance);
        });

    [Fact]
    public void Negative_scores_are_ordered_by_value_and_both_zeros_are_equal()
    {
        Assert.Equal(1, AucOf((-2, 0), (-1, 1), (-3, 0), (float.PositiveInfinity, 1)));
        Assert.Equal(0.5, AucOf((-0f, 0), (0f, 1)));
        Assert.Equal(0.5, AucOf((0f, 0), (-0f, 1)));
        Assert.Equal(0, AucOf((float.Epsilon, 0), (-float.Epsilon, 1)));

        static double AucOf(params (float Score, int Label)[] rows) => ClassificationMetrics.Of(
            [.. rows.SelectMany(row => new[] { 0, row.Score })], [.. rows.Select(row => row.Label)], Two).Auc;
    }

    [Fact]
    public void One_class_alone_has_no_area_under_the_curve()
    {
        Assert.Equal(double.NaN, ClassificationMetrics.Of([0.25f, 0.75f, 0.5f, 0.5f], [1, 1], Two).Auc);
        Assert.Equal(double.NaN, ClassificationMetrics.Of([1, 0, 0], [0], ["a", "b", "c"]).Auc);
        Assert.Equal(double.NaN, ClassificationMetrics.Of([1], [0], ["a"]).Auc);
    }

    [Fact]
    public void A_probability_of_0_costs_the_logarithm_of_the_epsilon_of_float32() =>
        Assert.Equal(23 * Math.Log(2), ClassificationMetrics.Of([1, 0], [1], Two).LogLoss, Tolerance);

    [Fact]
    public void Scores_that_are_no_probabilities_have_no_logarithmic_loss()
    {
        ClassificationMetrics metrics = ClassificationMetrics.Of([-0.5f, 1.5f, 0.5f, 0.25f], [1, 0], Two);
        Assert.Equal(double.NaN, metrics.LogLoss);
        Assert.Equal([1, 1], [metrics.Accuracy, metrics.Auc]);
    }

    [Fact]
    public void A_score_that_is_not_a_number_leaves_loss_and_area_undefined()
    {
        ClassificationMetrics metrics = ClassificationMetrics.Of([float.NaN, 1, 0.25f, 0.75f], [0, 1], Two);
        Assert.Equal([double.NaN, double.NaN], [metrics.LogLoss, metrics.Auc]);
        Assert.Equal(1, metrics.Accuracy);
    }

    [Fact]
    public void Equal_metrics_are_equal_by_value() => AnyRows.Sample(rows =>
    {
        Assert.Equal(rows.Metrics, rows.Metrics);
        Assert.Equal(rows.Metrics.GetHashCode(), rows.Metrics.GetHashCode());
        Assert.NotEqual(rows.Metrics, rows.Metrics with { Confusion = [] });
    });

    [Fact]
    public void Rows_that_do_not_fit_are_refused()
    {
        Assert.Contains("2 rows of 2 classes are 4 probabilities, not 3", MessageOf([1, 0, 1], [0, 1], Two));
        Assert.Contains("The label of row 1 is 2; labels of 2 classes are 0 to 1", MessageOf([1, 0, 1, 0], [0, 2], Two));
        Assert.Contains("The label of row 0 is -1", MessageOf([1, 0], [-1], Two));
        Assert.Contains("at least one row", MessageOf([], [], Two));
        Assert.Contains("at least one class", MessageOf([], [0], []));
        Assert.Contains("at least one class", MessageOf([], [0], default));

        static string MessageOf(float[] probabilities, int[] labels, ImmutableArray<string> names) =>
            Assert.Throws<ArgumentException>(() => ClassificationMetrics.Of(probabilities, labels, names)).Message;
    }

    private sealed record Rows(int Classes, int[] Labels, float[] Scores)
    {
        public ClassificationMetrics Metrics =>
            ClassificationMetrics.Of(Scores, Labels, [.. Enumerable.Range(0, Classes).Select(c => $"{c}")]);

        public Rows Shuffled(int seed)
        {
            int[] order = [.. Enumerable.Range(0, Labels.Length)];
            new Random(seed).Shuffle(order);
            return this with
            {
                Labels = [.. order.Select(row => Labels[row])],
                Scores = [.. order.SelectMany(row => Scores[(row * Classes)..((row + 1) * Classes)])],
            };
        }
    }
}
