using System.Text;
using System.Text.Json;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>One line of a run's <c>events.jsonl</c>.</summary>
/// <param name="Name">What happened.</param>
/// <param name="Time">When, by the clock on the wall.</param>
/// <param name="Fields">Everything the line says.</param>
internal sealed record LoggedEvent(string Name, DateTime Time, JsonElement Fields)
{
    /// <summary>A field as text; empty if it has none of that name.</summary>
    public string Text(string name) => Fields.TryGetProperty(name, out JsonElement value) ? value.ToString() : string.Empty;

    /// <summary>A field as a number; 0 if it has none of that name.</summary>
    public long Number(string name) => Fields.TryGetProperty(name, out JsonElement value) && value.TryGetInt64(out long number) ? number : 0;
}

/// <summary>Follows <c>events.jsonl</c> while a run, in whichever of its lives, writes it.</summary>
internal sealed class EventTail(string path)
{
    private long _read;

    /// <summary>The lines that have been finished since the last call.</summary>
    public IReadOnlyList<LoggedEvent> Read()
    {
        byte[] bytes;
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (stream.Length <= _read)
            {
                return [];
            }

            bytes = new byte[stream.Length - _read];
            stream.Position = _read;
            bytes = bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }

        int end = Array.LastIndexOf(bytes, (byte)'\n') + 1;
        _read += end;
        return [.. Encoding.UTF8.GetString(bytes, 0, end).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Parse)];
    }

    private static LoggedEvent Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        JsonElement fields = document.RootElement.Clone();
        return new(fields.GetProperty("event").GetString()!, fields.GetProperty("time").GetDateTime(), fields);
    }
}
