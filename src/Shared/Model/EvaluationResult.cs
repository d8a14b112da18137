namespace NnCluster.Model;

/// <summary>Result of an evaluation.</summary>
/// <param name="Loss">Mean loss.</param>
/// <param name="Accuracy">Fraction of correct predictions; NaN for regression.</param>
/// <param name="Rows">Number of rows.</param>
public sealed record EvaluationResult(double Loss, double Accuracy, int Rows);
