using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.Security;

/// <summary>A certificate authority in memory.</summary>
internal sealed class Authority : IDisposable
{
    private readonly X509Certificate2 _root;

    private readonly Authority? _above;

    public Authority(string name, Authority? above = null)
    {
        _above = above;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (above is null)
        {
            _root = request.CreateSelfSigned(now.AddDays(-30), now.AddDays(30));
        }
        else
        {
            using X509Certificate2 signed = request.Create(above._root, now.AddDays(-29), now.AddDays(29), RandomNumberGenerator.GetBytes(8));
            _root = signed.CopyWithPrivateKey(key);
        }
    }

    public string Pem => _root.ExportCertificatePem() + "\n" + _above?.Pem;

    public TlsIdentity Identity(string host = "localhost", bool expired = false) => new(Assign(host, expired), [_root]);

    public X509Certificate2 Assign(string host, bool expired = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(host);
        if (host == "localhost")
        {
            names.AddIpAddress(IPAddress.Loopback);
        }

        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new("1.3.6.1.5.5.7.3.1"), new("1.3.6.1.5.5.7.3.2")], false));
        DateTimeOffset end = DateTimeOffset.UtcNow.AddDays(expired ? -1 : 10);
        using X509Certificate2 signed = request.Create(_root, DateTimeOffset.UtcNow.AddDays(-20), end, RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    public void Dispose() => _root.Dispose();
}
