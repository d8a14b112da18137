using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.AkkaSupport;

/// <summary>Akka's warnings and errors, a line each, on standard error: standard output belongs to the results.</summary>
public sealed class StandardErrorLogger : ReceiveActor, IRequiresMessageQueue<ILoggerMessageQueueSemantics>
{
    private static volatile bool _isMuted;

    /// <summary>Created by the actor system.</summary>
    public StandardErrorLogger()
    {
        Receive<InitializeLogger>(_ => Sender.Tell(new LoggerInitialized()));
        Receive<LogEvent>(entry => Console.Error.WriteLine(Line(entry)), _ => !_isMuted);
    }

    /// <summary>Says nothing more in this process: what ends it is said in one line, and Akka's own account would come behind.</summary>
    internal static void Mute() => _isMuted = true;

    private static string Line(LogEvent entry)
    {
        string cause = entry.Cause is null ? "" : $" ({FirstLine(entry.Cause.GetBaseException().Message)})";
        return $"{entry.LogLevel().ToString().Replace("Level", "", StringComparison.Ordinal).ToLowerInvariant()}: {FirstLine($"{entry.Message}")}{cause}";
    }

    // Akka adds advice and stack traces in further lines.
    private static string FirstLine(string text) => text.Split('\n')[0].TrimEnd();
}
