namespace NnCluster.Optimization;

/// <summary>Scalars of one optimizer step, the same for all blocks.</summary>
/// <param name="Step">The step, counted from 1.</param>
/// <param name="LearningRate">Learning rate of the schedule at this step.</param>
/// <param name="BiasCorrection1">1 - β₁ᵗ; 1 for optimizers without β₁.</param>
/// <param name="BiasCorrection2">1 - β₂ᵗ; 1 for optimizers without β₂.</param>
public readonly record struct StepScalars(long Step, double LearningRate, double BiasCorrection1, double BiasCorrection2);
