using System.Globalization;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>A line of <c>events.jsonl</c>.</summary>
/// <param name="Event">The event.</param>
/// <param name="TimeUtc">Time of the event by the clock of the machine of the coordinator.</param>
internal sealed record LoggedEvent(RunEvent Event, DateTime TimeUtc);

/// <summary>Follows <c>events.jsonl</c> through all terms of a run, while they write it or afterwards. One thread at a time.</summary>
/// <param name="path">The file, which need not exist yet.</param>
internal sealed class EventTail(string path)
{
    private long _position;

    /// <summary>
    /// Reads the events of all lines that were completed since the last call. A last line without a line end waits for
    /// the next call.
    /// </summary>
    /// <exception cref="BadInputException">The file has another format version, or a line is not an event.</exception>
    public IReadOnlyList<LoggedEvent> Read()
    {
        if (!File.Exists(path))
        {
            return [];
        }

        using FileStream stream = JsonLines.Open(path);
        stream.Position = _position;
        var events = new List<LoggedEvent>();
        foreach (ReadOnlyMemory<byte> line in JsonLines.Read(stream))
        {
            events.Add(Parse(line));
            _position += line.Length + 1;
        }

        return events;
    }

    private LoggedEvent Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return RunEventParser.Parse(line, json =>
            {
                RequireVersion(json);
                return new LoggedEvent(RunEventParser.EventOf(json), TimeOf(json));
            });
        }
        catch (FormatException error)
        {
            throw new BadInputException($"{path}: has a line that is not an event: {error.Message}", error);
        }
    }

    /// <summary>Every term states the version, so the first line of a file must, too.</summary>
    private void RequireVersion(JsonFields line)
    {
        bool isStart = line.TextOrNull("type") == RunEventJson.StartType;
        if (isStart || _position == 0)
        {
            FormatVersion.RequireLines(path, isStart ? line.WholeOrNull("formatVersion") : null);
        }
    }

    private static DateTime TimeOf(JsonFields line) =>
        DateTime.TryParse(line.Text("timeUtc"), null, DateTimeStyles.RoundtripKind, out DateTime time)
            ? time
            : throw new FormatException("'timeUtc' is expected to be a time");
}
