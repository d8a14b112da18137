namespace NnCluster.Data;

/// <summary>Progress of a <see cref="DatasetStore"/>.</summary>
/// <param name="Dataset">The set.</param>
/// <param name="Message">One line: the file and source being fetched, or a file that is not used and the reason.</param>
/// <param name="ReceivedBytes">Bytes of the file received so far; null if none is being received.</param>
/// <param name="TotalBytes">Length of the file as sent; null if unknown.</param>
public sealed record DatasetProgress(string Dataset, string Message, long? ReceivedBytes = null, long? TotalBytes = null);
