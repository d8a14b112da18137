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
            ? [Part("R²", "r2", "0.0000"), Part("mean absolute error", "mae", "G5"), Part("root mean squared error", "rmse", "G5")]
            :
            [
                Share("accuracy", "accuracy"), Share("balanced accuracy", "balancedAccuracy"),
                Part("macro F1", "macroF1", "0.0000"), Part("AUC", "auc", "0.0000"), Part("log loss", "logLoss", "0.0000"),
            ];
        return string.Join(", ", parts.Where(part => part.Length > 0));

        string Part(string name, string key, string format) => metrics[key] is { } value
            ? $"{name} {value.GetValue<double>().ToString(format, CultureInfo.InvariantCulture)}"
            : "";
        string Share(string name, string key) => metrics[key] is { } value
            ? $"{name} {(100 * value.GetValue<double>()).ToString("0.00", CultureInfo.InvariantCulture)} %"
            : "";
    }

    /// <summary>One line that says that a model is no better than its baseline; null if it is better.</summary>
    /// <param name="metrics">Metrics with their <c>baseline</c>.</param>
    public static string? WarningOf(JsonObject metrics)
    {
        var baseline = (JsonObject)metrics["baseline"]!;
        if (metrics.ContainsKey("r2"))
        {
            return Value(metrics, "rmse") < Value(baseline, "rmse") ? null : string.Create(
                CultureInfo.InvariantCulture,
                $"The model does not beat its baseline: root mean squared error {Value(metrics, "rmse"):G5}, and {Value(baseline, "rmse"):G5} "
                + $"by always answering the mean of the training rows.");
        }

        return Value(metrics, "accuracy") > Value(baseline, "accuracy") ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"The model does not beat its baseline: accuracy {100 * Value(metrics, "accuracy"):0.00} %, and "
            + $"{100 * Value(baseline, "accuracy"):0.00} % by always answering the most frequent class of the training rows.");
    }

    private static double Value(JsonObject metrics, string key) => metrics[key]?.GetValue<double>() ?? double.NaN;
}
