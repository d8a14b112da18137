namespace NnCluster.Data;

/// <summary>Arrays of a NumPy archive that are one part of a data set.</summary>
/// <param name="Features">Name of the array of features.</param>
/// <param name="Target">Name of the array of targets; null: the archive has none for this part.</param>
/// <param name="TargetName">Name of the target's column, the same in every part.</param>
internal sealed record NpzPart(string Features, string? Target, string TargetName);
