using System.Globalization;

namespace NnCluster.Worker.Cli;

/// <summary>HOST:PORT as an option gives it; an IPv6 address stands in brackets.</summary>
internal sealed record HostPort(string Host, int Port)
{
    /// <summary>What to say that an option expects.</summary>
    public const string Expected = "HOST:PORT, such as 10.0.0.1:7000 or [::1]:7000";

    /// <summary>Reads one; null if it is none.</summary>
    public static HostPort? Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) || port is < 1 or > 65535)
        {
            return null;
        }

        string host = text[..colon];
        bool bracketed = host.StartsWith('[') && host.EndsWith(']');
        return bracketed == host.Contains(':') && Uri.CheckHostName(host.Trim('[', ']')) != UriHostNameType.Unknown
            ? new(host.Trim('[', ']'), port)
            : null;
    }

    /// <summary>Reads several, separated by commas; null if one is none.</summary>
    public static HostPort[]? ParseList(string text)
    {
        HostPort[] all = [.. text.Split(',').Select(Parse).OfType<HostPort>()];
        return all.Length == text.Count(c => c == ',') + 1 ? all : null;
    }

    /// <inheritdoc/>
    public override string ToString() => Host.Contains(':') ? $"[{Host}]:{Port}" : $"{Host}:{Port}";
}
