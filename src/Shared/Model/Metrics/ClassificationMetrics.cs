using System.Collections.Immutable;
using System.Numerics.Tensors;
using NnCluster.Numerics;

namespace NnCluster.Model;

/// <summary>Quality of class predictions for rows with known labels.</summary>
/// <remarks>
/// All sums are in double precision, in row order or class order, by one thread, and logarithms are those of
/// <see cref="PortableMath"/>: the bits depend on the rows and their order alone, not on the machine. The definitions are those
/// of scikit-learn (<c>accuracy_score</c>, <c>balanced_accuracy_score</c>, <c>f1_score</c>, <c>roc_auc_score</c>,
/// <c>log_loss</c>), except where a member says otherwise.
/// </remarks>
public sealed record ClassificationMetrics
{
    /// <summary>2⁻²³, epsilon of float32: a smaller probability of the label counts as this in <see cref="LogLoss"/>.</summary>
    internal const double LeastProbability = 1.0 / (1 << 23);

    /// <summary>Share of the rows whose predicted class is their label, in [0, 1].</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean recall of the classes that occur as labels, in [0, 1].</summary>
    public required double BalancedAccuracy { get; init; }

    /// <summary>Mean F1 of the classes that occur as labels or predictions, in [0, 1].</summary>
    public required double MacroF1 { get; init; }

    /// <summary>
    /// Area under the ROC curve, in [0, 1]; equal scores count half. Of two classes: the area for the scores of the second. Of
    /// more: the mean area of one class against the rest, over the classes that occur. NaN if fewer than two classes occur as
    /// labels, or a score is NaN.
    /// </summary>
    public required double Auc { get; init; }

    /// <summary>
    /// Mean of −ln max(p, 2⁻²³) in nats, where p is the probability of the row's label; NaN if a score lies outside [0, 1] and
    /// so is no probability.
    /// </summary>
    /// <remarks>
    /// 2⁻²³ is the epsilon of float32, the value by which scikit-learn 1.2.1 clips float32 probabilities. For float64 it clips
    /// by 2⁻⁵², and it always clips at 1 − ε too and divides by the sum of the row; here neither is done. For float32
    /// probabilities of sum 1 the difference is at most about (classes + 1)·2⁻²³.
    /// </remarks>
    public required double LogLoss { get; init; }

    /// <summary>Metrics of each class, in label order.</summary>
    public required ImmutableArray<ClassMetrics> Classes { get; init; }

    /// <summary>Number of rows of each label and predicted class, (labels, predictions); its sum is the number of rows.</summary>
    public required ImmutableArray<ImmutableArray<long>> Confusion { get; init; }

    /// <summary>Compares predictions with labels. The predicted class of a row is the first with the largest score.</summary>
    /// <param name="probabilities">
    /// Probabilities of each row's classes, (rows, classes), row-major. Other scores are allowed; they leave
    /// <see cref="LogLoss"/> undefined.
    /// </param>
    /// <param name="labels">Class of each row, (rows), from 0 on; at least one row.</param>
    /// <param name="names">Names of the classes, in label order.</param>
    /// <exception cref="ArgumentException">The lengths do not fit, there is no row or no class, or a label is of no class.</exception>
    public static ClassificationMetrics Of(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> labels, ImmutableArray<string> names)
    {
        RequireLabels(labels, names);
        int classes = names.Length;
        if (probabilities.Length != (long)labels.Length * classes)
        {
            throw new ArgumentException(
                $"{labels.Length} rows of {classes} classes are {(long)labels.Length * classes} probabilities, not {probabilities.Length}.",
                nameof(probabilities));
        }

        ConfusionMatrix confusion = new(names);
        for (int i = 0; i < labels.Length; i++)
        {
            confusion.Add(labels[i], Classification.ArgMax(probabilities.Slice(i * classes, classes)));
        }

        return confusion.ToMetrics(RocCurve.MeanArea(probabilities, labels, classes), MeanLogLoss(probabilities, labels, classes));
    }

    /// <summary>Compares all members by value, NaN with NaN and the elements of arrays.</summary>
    public bool Equals(ClassificationMetrics? other) => other is not null
        && Accuracy.Equals(other.Accuracy)
        && BalancedAccuracy.Equals(other.BalancedAccuracy)
        && MacroF1.Equals(other.MacroF1)
        && Auc.Equals(other.Auc)
        && LogLoss.Equals(other.LogLoss)
        && Classes.SequenceEqual(other.Classes)
        && Confusion.Length == other.Confusion.Length
        && Confusion.Zip(other.Confusion).All(rows => rows.First.SequenceEqual(rows.Second));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Accuracy, BalancedAccuracy, MacroF1, Auc, LogLoss, Classes.Length);

    /// <summary>Checks that there is a row, and that every label is that of a class.</summary>
    /// <exception cref="ArgumentException">The message names the first row at fault.</exception>
    internal static void RequireLabels(ReadOnlySpan<int> labels, ImmutableArray<string> names)
    {
        if (names.IsDefaultOrEmpty)
        {
            throw new ArgumentException("There must be at least one class.", nameof(names));
        }

        if (labels.IsEmpty)
        {
            throw new ArgumentException("There must be at least one row.", nameof(labels));
        }

        int offender = labels.IndexOfAnyExceptInRange(0, names.Length - 1);
        if (offender >= 0)
        {
            throw new ArgumentException(
                $"The label of row {offender} is {labels[offender]}; labels of {names.Length} classes are 0 to {names.Length - 1}.",
                nameof(labels));
        }
    }

    private static double MeanLogLoss(ReadOnlySpan<float> probabilities, ReadOnlySpan<int> labels, int classes)
    {
        if (!(TensorPrimitives.Min(probabilities) >= 0 && TensorPrimitives.Max(probabilities) <= 1))
        {
            return double.NaN; // the minimum of values with a NaN is NaN
        }

        double sum = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            sum -= PortableMath.Log(Math.Max(probabilities[(i * classes) + labels[i]], LeastProbability));
        }

        return sum / labels.Length;
    }
}
