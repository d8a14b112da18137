using System.Globalization;
using System.Text.Json.Nodes;

namespace NnCluster.Cli.Reporting;

/// <summary>Metrics of a model as text, from the JSON of <see cref="Model.ModelMetrics.ToJson()"/>.</summary>
internal static class MetricsText
{
    /// <summary>One line with the metrics of the model or of its baseline; metrics that are not defined are left out.</summary>
    public static string Line(JsonObject metrics)
    {
        string[] parts = metrics.ContainsKey("r2")
            ? [Part("R²", "r2"), Number("mean absolute error", "mae"), Number("root mean squared error", "rmse")]
            :
            [
                Share("accuracy", "accuracy"), Share("balanced accuracy", "balancedAccuracy"),
                Part("macro F1", "macroF1"), Part("AUC", "auc"), Part("log loss", "logLoss"),
            ];
        return string.Join(", ", parts.Where(part => part.Length > 0));

        // Adding 0 makes 0 of -0.
        string Part(string name, string key) => metrics[key] is { } value
            ? $"{name} {(Math.Round(value.GetValue<double>(), 4) + 0).ToString("0.0000", CultureInfo.InvariantCulture)}"
            : "";
        string Number(string name, string key) => metrics[key] is { } value ? $"{name} {InUnit(value.GetValue<double>())}" : "";
        string Share(string name, string key) => metrics[key] is { } value
            ? $"{name} {(100 * value.GetValue<double>()).ToString("0.00", CultureInfo.InvariantCulture)} %"
            : "";
    }

    /// <summary>One line that says that a model is no better than its baseline; null if it is better.</summary>
    /// <param name="metrics">Metrics with their <c>baseline</c>.</param>
    /// <param name="isBalanced">Whether every class counts the same: the balanced accuracy decides then, else the accuracy.</param>
    public static string? WarningOf(JsonObject metrics, bool isBalanced)
    {
        var baseline = (JsonObject)metrics["baseline"]!;
        if (metrics.ContainsKey("r2"))
        {
            return Value(metrics, "rmse") < Value(baseline, "rmse") ? null : string.Create(
                CultureInfo.InvariantCulture,
                $"The model does not beat its baseline: root mean squared error {InUnit(Value(metrics, "rmse"))}, and "
                + $"{InUnit(Value(baseline, "rmse"))} by always answering the mean of the training rows.");
        }

        (string name, string key) = isBalanced ? ("balanced accuracy", "balancedAccuracy") : ("accuracy", "accuracy");
        return Value(metrics, key) > Value(baseline, key) ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"The model does not beat its baseline: {name} {100 * Value(metrics, key):0.00} %, and "
            + $"{100 * Value(baseline, key):0.00} % by always answering the most frequent class of the training rows.");
    }

    /// <summary>A number in the unit of the target, with five significant digits and no exponent where that is readable.</summary>
    internal static string InUnit(double value)
    {
        double size = Math.Abs(value);
        if (!(size is >= 1e-4 and < 1e15))
        {
            return (value + 0).ToString("G5", CultureInfo.InvariantCulture);
        }

        int decimals = Math.Clamp(4 - (int)Math.Floor(Math.Log10(size)), 0, 8);
        return Math.Round(value, decimals).ToString("0.########", CultureInfo.InvariantCulture);
    }

    private static double Value(JsonObject metrics, string key) => metrics[key]?.GetValue<double>() ?? double.NaN;
}
