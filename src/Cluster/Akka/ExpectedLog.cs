using Akka.Event;

namespace NnCluster.AkkaSupport;

/// <summary>
/// Entries of Akka's log on what the program reports in its own words, or what happens whenever a node comes or goes. They are not
/// written, unless <see cref="Variable"/> is set; every other warning and error is.
/// </summary>
[AkkaWorkaround(AkkaWorkaroundAttribute.CurrentVersion, "associations that end with a node, and phases of an orderly end, are no warnings")]
internal static class ExpectedLog
{
    /// <summary>Environment variable that, set to anything, shows these entries as well.</summary>
    public const string Variable = "NNCLUSTER_AKKA_LOG";

    private static readonly bool ShowsAll = !string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Variable));

    // The beginning of an entry, and the words that it contains.
    private static readonly (string Start, string Contains)[] Kinds =
    [
        // A node is gone, or not there yet. The run has its event, "lost" with the reason; a node says which coordinator it waits for.
        ("Association with remote system ", "is now gated"),
        ("Association to [", "Quarantining"),
        ("Disassociated", ""),
        ("No response from remote for outbound association", ""),
        ("Tried to associate with unreachable remote address ", ""),
        ("Couldn't join seed nodes after ", ""),
        ("Cluster Node [", "Marking node(s) as UNREACHABLE"),
        ("Cluster Node [", "Marking exiting node(s) as UNREACHABLE"),
        ("SBR took decision ", "DownUnreachable and is downing"),

        // A node joins by another name of the coordinator's machine; the node says which name it should use.
        ("Dropping message [", "for non-local recipient"),

        // An orderly end does not wait for peers that are ending too.
        ("Coordinated shutdown phase [", "timed out after"),
        ("Unable to REMOVE channel ", ""),
    ];

    /// <summary>Whether an entry is expected, and not to be written.</summary>
    public static bool Holds(LogEvent entry) => !ShowsAll && Holds($"{entry.Message}");

    /// <summary>Whether the text of an entry is that of an expected one.</summary>
    internal static bool Holds(string text) => Kinds.Any(kind =>
        text.StartsWith(kind.Start, StringComparison.Ordinal) && text.Contains(kind.Contains, StringComparison.Ordinal));
}
