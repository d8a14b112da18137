using System.Text.Json.Nodes;

namespace NnCluster.Model;

/// <summary>
/// Quality of a model on rows with known answers, beside that of a baseline that sees no feature: it answers with the most
/// frequent class of the training rows and their class frequencies, or with the mean of the training targets. A model has either
/// classification metrics or regression metrics.
/// </summary>
public sealed record ModelMetrics
{
    private ModelMetrics()
    {
    }

    /// <summary>Metrics of the model; null for regression.</summary>
    public ClassificationMetrics? Classification { get; private init; }

    /// <summary>Metrics of the baseline on the same rows; null for regression.</summary>
    public ClassificationMetrics? BaselineClassification { get; private init; }

    /// <summary>Metrics of the model; null for classification.</summary>
    public RegressionMetrics? Regression { get; private init; }

    /// <summary>Metrics of the baseline on the same rows; null for classification.</summary>
    public RegressionMetrics? BaselineRegression { get; private init; }

    /// <summary>
    /// Whether the model is better than the baseline: a larger accuracy, or a smaller root mean squared error, which is the same
    /// as a larger R² where R² is defined. A model whose metrics are NaN is not better.
    /// </summary>
    public bool BeatsBaseline => Classification?.Accuracy > BaselineClassification?.Accuracy
        || Regression?.RootMeanSquaredError < BaselineRegression?.RootMeanSquaredError;

    /// <summary>
    /// One JSON object: <c>accuracy</c>, <c>balancedAccuracy</c>, <c>macroF1</c>, <c>auc</c>, <c>logLoss</c> and <c>classes</c>
    /// (<c>name</c>, <c>precision</c>, <c>recall</c>, <c>f1</c>, <c>support</c>), or <c>r2</c>, <c>mae</c> and <c>rmse</c>; and
    /// <c>baseline</c> with the same members but <c>classes</c>. A number that is not finite is null.
    /// </summary>
    public JsonObject ToJson()
    {
        JsonObject json = Classification is null ? ToJson(Regression!) : ToJson(Classification);
        if (Classification is not null)
        {
            json["classes"] = new JsonArray([.. Classification.Classes.Select(ToJson)]);
        }

        json["baseline"] = BaselineClassification is null ? ToJson(BaselineRegression!) : ToJson(BaselineClassification);
        return json;
    }

    /// <summary>Metrics of a classification.</summary>
    /// <param name="model">Metrics of the model.</param>
    /// <param name="baseline">Metrics of the baseline on the same rows.</param>
    internal static ModelMetrics Of(ClassificationMetrics model, ClassificationMetrics baseline) =>
        new() { Classification = model, BaselineClassification = baseline };

    /// <summary>Metrics of a regression.</summary>
    /// <param name="model">Metrics of the model.</param>
    /// <param name="baseline">Metrics of the baseline on the same rows.</param>
    internal static ModelMetrics Of(RegressionMetrics model, RegressionMetrics baseline) =>
        new() { Regression = model, BaselineRegression = baseline };

    private static JsonObject ToJson(ClassificationMetrics metrics) => new()
    {
        ["accuracy"] = Number(metrics.Accuracy),
        ["balancedAccuracy"] = Number(metrics.BalancedAccuracy),
        ["macroF1"] = Number(metrics.MacroF1),
        ["auc"] = Number(metrics.Auc),
        ["logLoss"] = Number(metrics.LogLoss),
    };

    private static JsonObject ToJson(RegressionMetrics metrics) => new()
    {
        ["r2"] = Number(metrics.R2),
        ["mae"] = Number(metrics.MeanAbsoluteError),
        ["rmse"] = Number(metrics.RootMeanSquaredError),
    };

    private static JsonObject ToJson(ClassMetrics metrics) => new()
    {
        ["name"] = metrics.Name,
        ["precision"] = Number(metrics.Precision),
        ["recall"] = Number(metrics.Recall),
        ["f1"] = Number(metrics.F1),
        ["support"] = metrics.Support,
    };

    private static JsonValue? Number(double value) => double.IsFinite(value) ? JsonValue.Create(value) : null;
}
