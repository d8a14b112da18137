namespace NnCluster.Model;

/// <summary>Quality of the predictions for one class, against the rest. A ratio whose denominator is 0 is 0.</summary>
/// <param name="Name">Name of the class.</param>
/// <param name="Precision">Share of the rows predicted as this class that have it as label, in [0, 1].</param>
/// <param name="Recall">Share of the rows with this label that are predicted as this class, in [0, 1].</param>
/// <param name="F1">Harmonic mean of precision and recall, in [0, 1].</param>
/// <param name="Support">Number of rows with this label.</param>
public sealed record ClassMetrics(string Name, double Precision, double Recall, double F1, long Support);
