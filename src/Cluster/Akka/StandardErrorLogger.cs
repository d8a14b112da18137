using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Dispatch;
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
[AkkaWorkaround(AkkaWorkaroundAttribute.CurrentVersion, "the log of a running actor system can be turned off")]
internal sealed class LogOutput(TextWriter writer) : Setup
{
    private volatile bool _isMuted;

    /// <summary>Drops all further entries of the system.</summary>
    public void Mute() => _isMuted = true;

    /// <summary>Writes a line, unless muted.</summary>
    public void WriteLine(string line)
    {
        if (!_isMuted)
        {
            writer.WriteLine(line);
        }
    }
}

/// <summary>
/// Writes Akka's warnings and errors to standard error, one line each: standard output belongs to the results, and Akka
/// adds advice and stack traces in further lines.
/// </summary>
internal sealed class StandardErrorLogger : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    /// <summary>Created by the actor system.</summary>
    public StandardErrorLogger()
    {
        LogOutput output = Context.System.Settings.Setup.Get<LogOutput>().GetOrElse(new(Console.Error));
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(entry => output.WriteLine(Line(entry)));
    }

    private static string Line(LogEvent entry)
    {
        string cause = entry.Cause is null ? "" : $" ({FirstLine(entry.Cause.GetBaseException().Message)})";
        string level = entry.LogLevel().ToString().Replace("Level", "", StringComparison.Ordinal).ToLowerInvariant();
        return $"{level}: {FirstLine($"{entry.Message}")}{cause}";
    }

    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd();
}
