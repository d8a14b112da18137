namespace NnCluster.Model;

/// <summary>The mean loss and the accuracy (NaN for regression) over a data set of <paramref name="Rows"/> rows.</summary>
public sealed record EvaluationResult(double Loss, double Accuracy, int Rows);
