using System.Globalization;
using System.Net;

namespace NnCluster.Control;

/// <summary>HOST:PORT of an option. An IPv6 address keeps its brackets, as in addresses of Akka.Remote.</summary>
internal sealed record HostPort(string Host, int Port)
{
    /// <summary>Completes "expected …" in errors.</summary>
    public const string Expected =
        "HOST:PORT with a name, an IPv4 address or an IPv6 address in brackets, such as 10.0.0.1:7000 or [fd00::1]:7000";

    /// <summary>Parses one; null if the text is none.</summary>
    public static HostPort? Parse(string text)
    {
        int colon = text.LastIndexOf(':');
        return colon > 0
            && (text[0] == '[') == (text[colon - 1] == ']')
            && HostOf(text[..colon]) is { } host
            && (host[0] != '[' || text[0] == '[')
            && int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65535
            ? new(host, port)
            : null;
    }

    /// <summary>Host part of an address, an IPv6 address in brackets; null if the text is no host.</summary>
    public static string? HostOf(string text) => Uri.CheckHostName(text) switch
    {
        UriHostNameType.Dns or UriHostNameType.IPv4 => text,
        UriHostNameType.IPv6 when IPAddress.TryParse(text, out IPAddress? address) && address.ScopeId == 0 => $"[{address}]",
        _ => null,
    };

    /// <summary>Parses several, separated by commas; null if one of them is none.</summary>
    public static HostPort[]? ParseList(string text)
    {
        HostPort[] all = [.. text.Split(',').Select(part => Parse(part.Trim())).OfType<HostPort>()];
        return all.Length == text.Count(c => c == ',') + 1 ? all : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Host}:{Port}";
}

/// <summary>Host, and where it is another one the port, by which others reach a program that listens behind a map of ports.</summary>
/// <param name="Host">A name, an IPv4 address, or an IPv6 address in brackets.</param>
/// <param name="Port">Port; null: the one that the program listens on.</param>
internal sealed record AdvertisedAddress(string Host, int? Port)
{
    /// <summary>Completes "expected …" in errors.</summary>
    public const string Expected = "HOST or HOST:PORT with a name, an IPv4 address or an IPv6 address in brackets";

    /// <summary>Parses one; null if the text is none.</summary>
    public static AdvertisedAddress? Parse(string text) => HostPort.HostOf(text) is { } host ? new(host, null)
        : HostPort.Parse(text) is { } both ? new(both.Host, both.Port)
        : null;

    /// <summary>The address by which others reach a program that listens on one.</summary>
    public static HostPort Of(AdvertisedAddress? advertised, HostPort listen) => new(advertised?.Host ?? listen.Host, advertised?.Port ?? listen.Port);
}
