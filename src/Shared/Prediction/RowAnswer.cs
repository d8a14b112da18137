using System.Collections.Immutable;

namespace NnCluster.Prediction;

/// <summary>Answer of a model for one row of a table.</summary>
/// <param name="Class">Name of the predicted class; null for a regression.</param>
/// <param name="Value">Predicted target in its unit; null for a classification.</param>
/// <param name="Probabilities">Probability of each class by its name; empty for a regression.</param>
public sealed record RowAnswer(string? Class, double? Value, ImmutableDictionary<string, float> Probabilities)
{
    /// <summary>One line for each text that is no category of the training rows; all features of its column are 0.</summary>
    public ImmutableArray<string> Warnings { get; init; } = [];
}
