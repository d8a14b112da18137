namespace NnCluster.Data;

/// <summary>What a <see cref="DatasetStore"/> is doing.</summary>
/// <param name="Dataset">The set.</param>
/// <param name="Message">One line: what is being fetched from where, or which file is not used and why.</param>
/// <param name="ReceivedBytes">Bytes of the file received so far; null when nothing is being received.</param>
/// <param name="TotalBytes">Length of the file as sent; null when unknown.</param>
public sealed record DatasetProgress(string Dataset, string Message, long? ReceivedBytes = null, long? TotalBytes = null);
