using NnCluster.Training;

namespace NnCluster.Simulation;

/// <summary>Rules of a simulated coordinator: <see cref="TrainingRun.Decide"/>, or a mutant of it that the simulation must catch.</summary>
internal delegate Transition RunRules(RunState state, RunInput input, TimeSpan now);
