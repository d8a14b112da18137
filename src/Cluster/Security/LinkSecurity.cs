using System.Net;
using System.Security.Cryptography;

namespace NnCluster.Security;

/// <summary>
/// Protection of a cluster on both planes: certificates, a shared cookie, both, or none. Certificates authenticate and
/// encrypt every connection; a cookie authenticates both sides when a node registers, and encrypts nothing.
/// </summary>
internal sealed record LinkSecurity
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

    /// <summary>No protection: for one machine, or a network of trusted machines.</summary>
    public static readonly LinkSecurity None = new(null, null);

    /// <summary>Certificate of this process; null: nothing is encrypted.</summary>
    public TlsIdentity? Tls { get; }

    /// <summary>Secret that all processes of the cluster share, 16 to 4096 bytes; null: none.</summary>
    public byte[]? Cookie { get; }

    /// <summary>Protection by certificates, and by a cookie if one is given.</summary>
    public static LinkSecurity WithTls(TlsIdentity tls, byte[]? cookie = null) => new(tls, cookie);

    /// <summary>Protection by a cookie alone.</summary>
    public static LinkSecurity WithCookie(byte[] cookie) => new(null, cookie);

    /// <summary>Reads certificates and cookie from files; a null path is one that was not given.</summary>
    /// <exception cref="BadInputException">Only some of the three certificate files are given, or a file is missing or invalid.</exception>
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

    /// <summary>Refuses to open an unprotected cluster to other machines.</summary>
    /// <param name="host">Host that the process listens on or connects to.</param>
    /// <param name="insecure">Whether the user accepts an unprotected cluster.</param>
    /// <exception cref="BadInputException">Other machines can reach the host, and neither certificates nor a cookie protect it.</exception>
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
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    // White space around the secret is not part of it: editors append a newline.
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
