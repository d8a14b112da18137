using System.Globalization;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Reads <c>metrics.jsonl</c>.</summary>
internal static class MetricsReader
{
    /// <summary>
    /// The <see cref="StepCompleted"/> and <see cref="EpochCompleted"/> of a run in the order of the file, while the run
    /// writes it or afterwards. A last line without a line end is left out.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <exception cref="BadInputException">It cannot be read, has another format version, or a line is not a metric.</exception>
    public static IEnumerable<RunEvent> Read(string path)
    {
        using FileStream stream = JsonLines.Open(path);
        int number = 0;
        foreach (ReadOnlyMemory<byte> line in JsonLines.Read(stream))
        {
            if (++number == 1)
            {
                RequireHeader(path, line);
            }
            else
            {
                yield return Metric(path, number, line);
            }
        }
    }

    /// <summary>Checks the first line of a file, if it has one; afterwards the stream is at no certain position.</summary>
    /// <exception cref="BadInputException">The file has another format version.</exception>
    public static void RequireHeader(FileStream stream)
    {
        stream.Position = 0;
        foreach (ReadOnlyMemory<byte> line in JsonLines.Read(stream))
        {
            RequireHeader(stream.Name, line);
            return;
        }
    }

    /// <summary>Whether a line is the first one of a file of this format version.</summary>
    public static bool IsHeader(ReadOnlyMemory<byte> line) => VersionOf(line) is FormatVersion.Lines;

    private static void RequireHeader(string path, ReadOnlyMemory<byte> line) => FormatVersion.RequireLines(path, VersionOf(line));

    private static long? VersionOf(ReadOnlyMemory<byte> line)
    {
        try
        {
            return RunEventParser.Parse(
                line, json => json.TextOrNull("type") == RunEventJson.HeaderType ? json.WholeOrNull("formatVersion") : null);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static RunEvent Metric(string path, int number, ReadOnlyMemory<byte> line)
    {
        try
        {
            return RunEventParser.Parse(line) is { } metric and (StepCompleted or EpochCompleted)
                ? metric
                : throw new FormatException("its type is neither step nor epoch");
        }
        catch (FormatException error)
        {
            string where = number.ToString(CultureInfo.InvariantCulture);
            throw new BadInputException($"{path}:{where}: is not a line of metrics: {error.Message}", error);
        }
    }
}
