using System.Net;
using System.Security.Cryptography;
using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Training;

namespace NnCluster.Security;

/// <summary>
/// How a cluster keeps strangers out, on both planes: certificates, a shared cookie, both, or nothing. Certificates
/// also hide what is sent; a cookie only proves who sends it, when a worker registers.
/// </summary>
public sealed record LinkSecurity
{
    private const int MinCookieBytes = 16;
    private const int MaxCookieBytes = 4096;

    /// <summary>Property, in errors: PEM file with the node's certificate.</summary>
    public static readonly PropertyName CertificateName = new(nameof(LinkSecurity), "CertificateFile");
    /// <summary>Property, in errors: PEM file with the private key of the certificate.</summary>
    public static readonly PropertyName KeyName = new(nameof(LinkSecurity), "KeyFile");
    /// <summary>Property, in errors: PEM file with the trusted authorities.</summary>
    public static readonly PropertyName AuthorityName = new(nameof(LinkSecurity), "AuthorityFile");
    /// <summary>Property, in errors: file with the shared cookie.</summary>
    public static readonly PropertyName CookieName = new(nameof(LinkSecurity), "CookieFile");
    /// <summary>Property, in errors: permission to listen without protection.</summary>
    public static readonly PropertyName InsecureName = new(nameof(LinkSecurity), "Insecure");

    private LinkSecurity(TlsIdentity? tls, byte[]? cookie)
    {
        Tls = tls;
        Cookie = cookie;
    }

    /// <summary>No protection at all: for one machine, or a network nobody else is on.</summary>
    public static readonly LinkSecurity None = new(null, null);

    /// <summary>The node's certificate; null: nothing is encrypted.</summary>
    public TlsIdentity? Tls { get; }

    /// <summary>The secret all nodes share; null: there is none.</summary>
    public byte[]? Cookie { get; }

    /// <summary>Certificates, and perhaps a cookie as well.</summary>
    public static LinkSecurity WithTls(TlsIdentity tls, byte[]? cookie = null) => new(tls, cookie);

    /// <summary>A cookie only.</summary>
    public static LinkSecurity WithCookie(byte[] cookie) => new(null, cookie);

    /// <summary>Reads what the options name; null is an option not given.</summary>
    /// <exception cref="BadInputException">Only some of the three certificate options are given, or a file is missing or not what it should be.</exception>
    public static LinkSecurity Load(string? tlsCertificate, string? tlsKey, string? tlsAuthority, string? cookieFile)
    {
        byte[]? cookie = cookieFile is null ? null : LoadCookie(cookieFile);
        TlsIdentity? tls = (tlsCertificate, tlsKey, tlsAuthority) switch
        {
            (null, null, null) => null,
            ({ } certificate, { } key, { } authority) => TlsIdentity.Load(certificate, key, authority),
            _ => throw new BadInputException(
                CertificateName, $"{CertificateName}, {KeyName} and {AuthorityName} go together: give all three or none"),
        };
        return new(tls, cookie);
    }

    /// <summary>Refuses to open an unprotected cluster to a network.</summary>
    /// <param name="host">What the node listens on or connects to.</param>
    /// <param name="insecure">Whether the user insists.</param>
    /// <exception cref="BadInputException">Neither certificates nor a cookie protect an address other machines reach.</exception>
    public void RequireFor(string host, bool insecure)
    {
        if (Tls is null && Cookie is null && !insecure && !IsLoopback(host))
        {
            throw new BadInputException(
                InsecureName,
                $"{host} can be reached by other machines, and nothing protects the cluster: ",
                $"give {CertificateName}, {KeyName} and {AuthorityName}, or {CookieName}, or insist with {InsecureName}");
        }
    }

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    // Spaces around the secret are no part of it, so that an editor's last newline does not matter.
    private static byte[] LoadCookie(string path)
    {
        byte[] content = SecretFile.Read(CookieName, path, MaxCookieBytes);
        ReadOnlySpan<byte> cookie = content.AsSpan().Trim(" \t\r\n"u8);
        if (cookie.Length < MinCookieBytes)
        {
            throw new BadInputException(
                CookieName, $"{CookieName} {path}: has {cookie.Length} bytes, a cookie needs at least {MinCookieBytes} random ones");
        }

        byte[] secret = cookie.ToArray();
        CryptographicOperations.ZeroMemory(content);
        return secret;
    }
}
