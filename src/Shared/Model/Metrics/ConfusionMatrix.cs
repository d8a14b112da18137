using System.Collections.Immutable;

namespace NnCluster.Model;

/// <summary>Number of rows of each label and predicted class, with the metrics that follow from these numbers alone.</summary>
/// <param name="names">Names of the classes, in label order; at least one.</param>
internal sealed class ConfusionMatrix(ImmutableArray<string> names)
{
    private readonly long[,] _counts = new long[names.Length, names.Length]; // (labels, predictions)

    /// <summary>Counts rows.</summary>
    /// <param name="label">Class of the rows.</param>
    /// <param name="prediction">Predicted class of the rows.</param>
    /// <param name="rows">Number of the rows.</param>
    public void Add(int label, int prediction, long rows = 1) => _counts[label, prediction] += rows;

    /// <summary>Metrics of the counted rows; there must be one. Means over classes are summed in class order.</summary>
    /// <param name="auc">Area under the ROC curve, which the counts do not decide.</param>
    /// <param name="logLoss">Mean logarithmic loss, which the counts do not decide.</param>
    public ClassificationMetrics ToMetrics(double auc, double logLoss)
    {
        var classes = ImmutableArray.CreateBuilder<ClassMetrics>(names.Length);
        long rows = 0;
        long correct = 0;
        double recalls = 0;
        int labelled = 0; // classes with a row
        double f1 = 0;
        int seen = 0; // classes with a row or a prediction
        for (int c = 0; c < names.Length; c++)
        {
            (long support, long predicted) = Totals(c);
            ClassMetrics metrics = MetricsOf(c, support, predicted);
            classes.Add(metrics);
            rows += support;
            correct += _counts[c, c];
            recalls += metrics.Recall;
            labelled += support > 0 ? 1 : 0;
            f1 += metrics.F1;
            seen += support + predicted > 0 ? 1 : 0;
        }

        return new()
        {
            Accuracy = (double)correct / rows,
            BalancedAccuracy = recalls / labelled,
            MacroF1 = f1 / seen,
            Auc = auc,
            LogLoss = logLoss,
            Classes = classes.MoveToImmutable(),
            Confusion = [.. Enumerable.Range(0, names.Length).Select(RowOf)],
        };
    }

    private (long Support, long Predicted) Totals(int c)
    {
        long support = 0;
        long predicted = 0;
        for (int other = 0; other < names.Length; other++)
        {
            support += _counts[c, other];
            predicted += _counts[other, c];
        }

        return (support, predicted);
    }

    private ClassMetrics MetricsOf(int c, long support, long predicted)
    {
        long correct = _counts[c, c];
        return new(names[c], Ratio(correct, predicted), Ratio(correct, support), Ratio(2 * correct, support + predicted), support);
    }

    private ImmutableArray<long> RowOf(int label) => [.. Enumerable.Range(0, names.Length).Select(c => _counts[label, c])];

    private static double Ratio(long numerator, long denominator) => denominator == 0 ? 0 : (double)numerator / denominator;
}
