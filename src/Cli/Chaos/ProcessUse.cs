using System.Globalization;

namespace NnCluster.Cli.Chaos;

/// <summary>Resources of a process.</summary>
/// <param name="Memory">Resident memory, in bytes.</param>
/// <param name="Threads">Number of threads.</param>
/// <param name="Handles">Number of open descriptors.</param>
internal readonly record struct ProcessUse(long Memory, int Threads, int Handles)
{
    /// <summary>Resources that a process holds now; null if it has ended.</summary>
    public static ProcessUse? Of(int process)
    {
        try
        {
            Dictionary<string, string> status = File.ReadLines($"/proc/{process}/status")
                .Select(line => line.Split(':', 2))
                .Where(parts => parts.Length == 2)
                .ToDictionary(parts => parts[0], parts => parts[1].Trim());
            return status.TryGetValue("VmRSS", out string? memory)
                ? new(
                    1024 * long.Parse(memory.Split(' ')[0], CultureInfo.InvariantCulture),
                    int.Parse(status["Threads"], CultureInfo.InvariantCulture),
                    Directory.GetFileSystemEntries($"/proc/{process}/fd").Length)
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
