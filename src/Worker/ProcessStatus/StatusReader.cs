using System.Text.Json;

namespace NnCluster.Worker.ProcessStatus;

/// <summary>Reads the records that another process writes.</summary>
internal static class StatusReader
{
    /// <summary>The record of a line; null if the line holds none that this program knows. Unknown properties are ignored.</summary>
    public static StatusRecord? Parse(string line)
    {
        if (!line.StartsWith('{'))
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize(line, StatusJson.Default.StatusRecord);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            // A torn line, a record of a newer program, or text of something else that shares the stream.
            return null;
        }
    }

    /// <summary>Reads until the stream ends or breaks.</summary>
    /// <param name="reader">The stream.</param>
    /// <param name="record">Gets every record, in order.</param>
    /// <param name="other">Gets every other line: a remote shell, for one, may write to the same stream.</param>
    public static async Task ReadAsync(TextReader reader, Action<StatusRecord> record, Action<string> other)
    {
        try
        {
            while (await reader.ReadLineAsync().ConfigureAwait(false) is { } line)
            {
                if (Parse(line) is { } known)
                {
                    record(known);
                }
                else if (line.Length > 0)
                {
                    other(line);
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The writer is gone: its exit code says how.
        }
    }
}
