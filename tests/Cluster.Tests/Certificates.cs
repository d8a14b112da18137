using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NnCluster.Cluster.Tests;

/// <summary>An authority and one certificate for given addresses, as PEM files.</summary>
internal sealed class Certificates
{
    private readonly string _directory;

    public Certificates(string directory, params IPAddress[] addresses)
    {
        _directory = directory;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var root = new CertificateRequest("CN=test authority", rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 authority = root.CreateSelfSigned(now.AddDays(-2), now.AddDays(2));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var node = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (IPAddress address in addresses)
        {
            names.AddIpAddress(address);
        }

        node.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = node.Create(authority, now.AddDays(-1), now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "ca.pem"), authority.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, "node.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, "node.key"), key.ExportPkcs8PrivateKeyPem());
    }

    public string[] Options =>
        ["--tls-cert", Path.Combine(_directory, "node.pem"), "--tls-key", Path.Combine(_directory, "node.key"), "--tls-ca", Path.Combine(_directory, "ca.pem")];
}
