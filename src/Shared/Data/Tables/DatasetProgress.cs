namespace NnCluster.Data;

/// <summary>Progress of fetching, reading or preparing a data set.</summary>
/// <param name="Dataset">Display name of the data set.</param>
/// <param name="Message">
/// One line: a file being fetched and its source, a file that is not used and the reason, rows or images read, or a step of the preparation.
/// </param>
/// <param name="ReceivedBytes">Bytes of the file received so far; null if none is being received.</param>
/// <param name="TotalBytes">Length of the file as sent; null if unknown.</param>
public sealed record DatasetProgress(string Dataset, string Message, long? ReceivedBytes = null, long? TotalBytes = null);
