namespace NnCluster.Persistence;

/// <summary>Result of a write by <see cref="CheckpointWriter"/>.</summary>
/// <param name="Step">Step of the checkpoint.</param>
internal abstract record CheckpointResult(long Step);

/// <summary>The checkpoint is on disk.</summary>
/// <param name="Step">Step of the checkpoint.</param>
/// <param name="Path">The file.</param>
/// <param name="Took">Duration of the write.</param>
internal sealed record CheckpointStored(long Step, string Path, TimeSpan Took) : CheckpointResult(Step);

/// <summary>The checkpoint could not be written. The previous one stays.</summary>
/// <param name="Step">Step of the checkpoint.</param>
/// <param name="Reason">The error, one line.</param>
internal sealed record CheckpointNotStored(long Step, string Reason) : CheckpointResult(Step);

/// <summary>A newer checkpoint took its place before its write began.</summary>
/// <param name="Step">Step of the checkpoint.</param>
internal sealed record CheckpointSuperseded(long Step) : CheckpointResult(Step);
