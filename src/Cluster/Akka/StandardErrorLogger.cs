using System.Text.RegularExpressions;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Event;

namespace NnCluster.AkkaSupport;

/// <summary>
/// Where <see cref="StandardErrorLogger"/> writes to, and whether it still does. Part of the system's setup, since Akka.NET
/// creates loggers by their type alone.
/// </summary>
/// <remarks>
/// A system that cannot listen on its address logs that several times while it ends, behind the one line in which the
/// program reports the failure. Akka.NET has no switch for it: the log level is fixed at the start.
/// </remarks>
/// <param name="write">Receives the lines, from any thread.</param>
/// <param name="time">The clock; null: the system's.</param>
[AkkaWorkaround(AkkaWorkaroundAttribute.CurrentVersion, "the log of a running actor system can be turned off")]
internal sealed partial class LogOutput(Action<string> write, TimeProvider? time = null) : Setup
{
    /// <summary>Time in which a line that was written is not written again, whatever it counts.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);

    private const int MostKinds = 100;

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Dictionary<string, (long WrittenAt, int Unwritten)> _kinds = new(StringComparer.Ordinal);
    private volatile bool _isMuted;

    /// <summary>Drops all further entries of the system.</summary>
    public void Mute() => _isMuted = true;

    /// <summary>Writes a line, unless muted, or a line of its kind was written a short time ago. Thread-safe.</summary>
    public void WriteLine(string line)
    {
        if (_isMuted)
        {
            return;
        }

        string kind = Numbers().Replace(line, "#");
        lock (_kinds)
        {
            long now = _time.GetTimestamp();
            if (_kinds.TryGetValue(kind, out (long WrittenAt, int Unwritten) known) && _time.GetElapsedTime(known.WrittenAt, now) < Silence)
            {
                _kinds[kind] = known with { Unwritten = known.Unwritten + 1 };
                return;
            }

            if (_kinds.Count == MostKinds)
            {
                _kinds.Clear();
            }

            _kinds[kind] = (now, 0);
            write(known.Unwritten > 0 ? $"{line} ({known.Unwritten} such lines before it were left out)" : line);
        }
    }

    // Numbers that count, ports that the system chose, and identifiers of connections; the addresses of machines stay.
    [GeneratedRegex(@"(?<=Id=)[0-9a-f]+|(?<![\d.:\[])\d+(?![\d.:])|(?<=[\w\]]:)\d+\b")]
    private static partial Regex Numbers();
}

/// <summary>
/// Writes Akka's warnings and errors to standard error, one line each: standard output belongs to the results, and Akka
/// adds advice and stack traces in further lines.
/// </summary>
/// <remarks>
/// Uses the default mailbox. The mailbox of Akka's own loggers writes the entries that wait when the system ends to standard output,
/// without <see cref="LogOutput"/>.
/// </remarks>
internal sealed class StandardErrorLogger : ReceiveActor
{
    /// <summary>Created by the actor system.</summary>
    public StandardErrorLogger()
    {
        LogOutput output = Context.System.Settings.Setup.Get<LogOutput>().GetOrElse(new(Console.Error.WriteLine));
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(entry =>
        {
            if (!ExpectedLog.Holds(entry))
            {
                output.WriteLine(Line(entry));
            }
        });
    }

    private static string Line(LogEvent entry)
    {
        string cause = entry.Cause is null ? "" : $" ({FirstLine(entry.Cause.GetBaseException().Message)})";
        string level = entry.LogLevel().ToString().Replace("Level", "", StringComparison.Ordinal).ToLowerInvariant();
        return $"{level}: {FirstLine($"{entry.Message}")}{cause}";
    }

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd();
}
