using System.Globalization;

namespace NnCluster.Worker.Cli;

/// <summary>HOST:PORT as an option gives it. The host becomes part of an Akka.Remote address, which knows no IPv6 literals.</summary>
internal sealed record HostPort(string Host, int Port)
{
    /// <summary>What to say that an option expects.</summary>
    public const string Expected = "HOST:PORT with a name or an IPv4 address, such as 10.0.0.1:7000";

    /// <summary>Reads one; null if it is none.</summary>
    public static HostPort? Parse(string text)
    {
        string[] parts = text.Split(':');
        return parts.Length == 2
            && Uri.CheckHostName(parts[0]) is (UriHostNameType.Dns or UriHostNameType.IPv4)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65535
            ? new(parts[0], port)
            : null;
    }

    /// <summary>Reads several, separated by commas; null if one is none.</summary>
    public static HostPort[]? ParseList(string text)
    {
        HostPort[] all = [.. text.Split(',').Select(Parse).OfType<HostPort>()];
        return all.Length == text.Count(c => c == ',') + 1 ? all : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Host}:{Port}";
}
