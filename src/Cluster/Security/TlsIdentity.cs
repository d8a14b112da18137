using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NnCluster.Security;

/// <summary>
/// Certificate of a node and the authorities that it trusts; the system's authorities are not trusted. Each side checks
/// the other's certificate; the connecting side also checks that it names the host.
/// </summary>
/// <param name="Certificate">Certificate with its private key.</param>
/// <param name="Authorities">Trusted authorities, the root and any between it and the certificates.</param>
internal sealed record TlsIdentity(X509Certificate2 Certificate, X509Certificate2Collection Authorities)
{
    // Room for a chain of long certificates; a wrong file such as a disk image is larger.
    private const int MaxPemBytes = 1 << 20;

    private static readonly Oid ServerUse = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientUse = new("1.3.6.1.5.5.7.3.2");

    /// <summary>Reads the three PEM files. The authority file also holds the authorities between certificate and root.</summary>
    /// <exception cref="BadInputException">A file is missing or malformed, or the certificate is not trusted.</exception>
    public static TlsIdentity Load(string certificatePath, string keyPath, string authorityPath)
    {
        string certificateText = SecretFile.ReadText(LinkSecurity.CertificateName, certificatePath, MaxPemBytes);
        string keyText = SecretFile.ReadText(LinkSecurity.KeyName, keyPath, MaxPemBytes);
        string authorityText = SecretFile.ReadText(LinkSecurity.AuthorityName, authorityPath, MaxPemBytes);
        X509Certificate2 certificate;
        try
        {
            certificate = X509Certificate2.CreateFromPem(certificateText, keyText);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new BadInputException(
                LinkSecurity.CertificateName,
                e,
                $"{LinkSecurity.CertificateName} {certificatePath} and {LinkSecurity.KeyName} {keyPath}: ",
                $"expected a PEM certificate and its unencrypted private key: {e.Message}");
        }

        var authorities = new X509Certificate2Collection();
        try
        {
            authorities.ImportFromPem(authorityText);
        }
        catch (CryptographicException e)
        {
            throw new BadInputException(
                LinkSecurity.AuthorityName, e, $"{LinkSecurity.AuthorityName} {authorityPath}: expected PEM certificates: {e.Message}");
        }

        if (authorities.Count == 0)
        {
            throw new BadInputException(
                LinkSecurity.AuthorityName, $"{LinkSecurity.AuthorityName} {authorityPath}: holds no PEM certificate");
        }

        var identity = new TlsIdentity(Usable(certificate), authorities);
        string? reason;
        try
        {
            reason = identity.WhyNotTrusted(certificate, forServer: null);
        }
        catch (Exception e) when (e is InvalidOperationException or CryptographicException)
        {
            // Among others, .NET looks for a store of certificates in the home directory, which a user of a service may lack.
            throw new BadInputException(
                LinkSecurity.CertificateName,
                e,
                $"{LinkSecurity.CertificateName} {certificatePath}: certificates cannot be checked here: {e.Message.ReplaceLineEndings(" ")} ",
                $"Set HOME to a directory of the user that runs the program.");
        }

        if (reason is not null)
        {
            throw new BadInputException(
                LinkSecurity.CertificateName,
                $"{LinkSecurity.CertificateName} {certificatePath}: {reason}; ",
                $"it must be valid and signed by {LinkSecurity.AuthorityName} {authorityPath}");
        }

        return identity;
    }

    /// <summary>Checks a certificate against the authorities.</summary>
    /// <param name="certificate">Certificate of the other side.</param>
    /// <param name="forServer">Required use: server or client; null: either.</param>
    /// <returns>Why it is not trusted: expired, of another authority, or for another use; null if it is trusted.</returns>
    public string? WhyNotTrusted(X509Certificate2 certificate, bool? forServer)
    {
        using var chain = new X509Chain { ChainPolicy = Policy(forServer) };
        if (chain.Build(certificate))
        {
            return null;
        }

        IEnumerable<string> problems = chain.ChainStatus.Select(status => status.StatusInformation.Trim()).Distinct();
        return $"certificate \"{certificate.Subject}\" is not to be trusted: {string.Join(", ", problems)}";
    }

    /// <summary>
    /// The name under which this machine's certificate can be checked at an address: the address itself if the certificate names it, else
    /// the first name in it that leads to the address; null if none does.
    /// </summary>
    public string? NameAt(IPAddress address)
    {
        X509SubjectAlternativeNameExtension? names = Certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return names is null ? null
            : names.EnumerateIPAddresses().Contains(address) ? address.ToString()
            : names.EnumerateDnsNames().FirstOrDefault(name => LeadsTo(name, address));
    }

    private static bool LeadsTo(string name, IPAddress address)
    {
        try
        {
            return !name.Contains('*', StringComparison.Ordinal) && Dns.GetHostAddresses(name).Contains(address);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    internal SslServerAuthenticationOptions ServerOptions(Action<string> refused) => new()
    {
        ServerCertificate = Certificate,
        ClientCertificateRequired = true,
        CertificateChainPolicy = Policy(forServer: false),
        RemoteCertificateValidationCallback = (_, certificate, _, errors) => Accept(certificate, errors, forServer: false, refused),
    };

    internal SslClientAuthenticationOptions ClientOptions(string host, Action<string> refused) => new()
    {
        // A certificate names an IPv6 address without the brackets of a URI.
        TargetHost = host.Trim('[', ']'),
        ClientCertificates = [Certificate],
        LocalCertificateSelectionCallback = (_, _, _, _, _) => Certificate,
        CertificateChainPolicy = Policy(forServer: true),
        RemoteCertificateValidationCallback = (_, certificate, _, errors) => Accept(certificate, errors, forServer: true, refused),
    };

    /// <summary>Checks the other side of a handshake.</summary>
    /// <param name="certificate">Certificate that it presented; null: none.</param>
    /// <param name="errors">Errors that the handshake found; only a host name mismatch counts, the chain is built anew.</param>
    /// <param name="forServer">Whether the other side is the server; null: not known.</param>
    /// <returns>Why it is refused; null if it is accepted.</returns>
    internal string? WhyRefused(X509Certificate? certificate, SslPolicyErrors errors, bool? forServer)
    {
        if (certificate is not X509Certificate2 shown)
        {
            return "it showed no certificate";
        }

        return WhyNotTrusted(shown, forServer)
            ?? (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
                ? $"certificate \"{shown.Subject}\" does not name this host"
                : null);
    }

    private bool Accept(X509Certificate? certificate, SslPolicyErrors errors, bool forServer, Action<string> refused)
    {
        string? reason = WhyRefused(certificate, errors, forServer);
        if (reason is not null)
        {
            refused(reason);
        }

        return reason is null;
    }

    private X509ChainPolicy Policy(bool? forServer)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(Authorities);
        if (forServer is { } server)
        {
            policy.ApplicationPolicy.Add(server ? ServerUse : ClientUse);
        }

        return policy;
    }

    // Windows cannot use a key that was never stored; a round trip over PKCS #12 stores it.
    private static X509Certificate2 Usable(X509Certificate2 certificate) =>
        OperatingSystem.IsWindows() ? X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null) : certificate;
}
