using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>An authority and the certificates it signs, as PEM files.</summary>
internal sealed class Certificates
{
    private readonly ECDsa _rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _authority;
    private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

    /// <summary>A new authority, and a certificate that names the addresses.</summary>
    public Certificates(string directory, params IPAddress[] addresses)
    {
        var root = new CertificateRequest("CN=test authority", _rootKey, HashAlgorithmName.SHA256);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        _authority = root.CreateSelfSigned(_now.AddDays(-2), _now.AddDays(2));
        Options = Assign(directory, addresses);
    }

    /// <summary>The options that name the first certificate.</summary>
    public string[] Options { get; }

    /// <summary>A further certificate of the same authority.</summary>
    /// <param name="directory">Gets ca.pem, node.pem and node.key.</param>
    /// <param name="addresses">What it names.</param>
    /// <returns>The options that name it.</returns>
    public string[] Assign(string directory, params IPAddress[] addresses)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var node = new CertificateRequest("CN=node", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (IPAddress address in addresses)
        {
            names.AddIpAddress(address);
        }

        node.CertificateExtensions.Add(names.Build());
        using X509Certificate2 certificate = node.Create(_authority, _now.AddDays(-1), _now.AddDays(1), RandomNumberGenerator.GetBytes(8));
        Directory.CreateDirectory(directory);
        string authorityFile = Path.Combine(directory, "ca.pem");
        string certificateFile = Path.Combine(directory, "node.pem");
        string keyFile = Path.Combine(directory, "node.key");
        File.WriteAllText(authorityFile, _authority.ExportCertificatePem());
        File.WriteAllText(certificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return ["--tls-cert", certificateFile, "--tls-key", keyFile, "--tls-ca", authorityFile];
    }
}
