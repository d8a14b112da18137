using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>The rules a simulated coordinator follows: <see cref="TrainingRun.Decide"/>, or a broken variant of it that must be caught.</summary>
public delegate Transition RunRules(RunState state, RunInput input, TimeSpan now);
