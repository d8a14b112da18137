using System.Net;
using System.Net.Sockets;
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

public sealed class LinkSecurityTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly Authority _authority = new("ours");

    [Fact]
    public void Three_pem_files_make_an_identity()
    {
        (string certificate, string key, string authority) = Write(_authority.Assign("localhost"), _authority);
        LinkSecurity security = LinkSecurity.Load(certificate, key, authority, null);
        Assert.True(security.Tls!.Certificate.HasPrivateKey);
        Assert.Null(security.Tls.WhyNotTrusted(_authority.Assign("worker-1"), forServer: false));
    }

    [Fact]
    public void An_authority_between_certificate_and_root_is_trusted_if_the_file_holds_both()
    {
        using var between = new Authority("between", _authority);
        (string certificate, string key, string authority) = Write(between.Assign("localhost"), between);
        LinkSecurity security = LinkSecurity.Load(certificate, key, authority, null);
        Assert.Null(security.Tls!.WhyNotTrusted(between.Assign("worker-1"), forServer: false));
        File.WriteAllText(authority, _authority.Pem);
        Assert.Contains("not to be trusted", Assert.Throws<BadInputException>(() => LinkSecurity.Load(certificate, key, authority, null)).Message);
    }

    [Fact]
    public void Some_of_the_three_are_not_enough() =>
        Assert.Contains("go together", Assert.Throws<BadInputException>(() => LinkSecurity.Load("a", null, "c", null)).Message);

    [Fact]
    public void A_missing_file_is_named()
    {
        (string certificate, string key, _) = Write(_authority.Assign("localhost"), _authority);
        string nowhere = _directory["nowhere.pem"];
        Assert.Contains($"AuthorityFile {nowhere}", Assert.Throws<BadInputException>(() => LinkSecurity.Load(certificate, key, nowhere, null)).Message);
    }

    [Fact]
    public void A_key_of_another_certificate_is_refused()
    {
        (string certificate, string key, string authority) = Write(_authority.Assign("localhost"), _authority);
        using X509Certificate2 other = _authority.Assign("other");
        File.WriteAllText(key, other.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        Assert.Contains("KeyFile", Assert.Throws<BadInputException>(() => LinkSecurity.Load(certificate, key, authority, null)).Message);
    }

    [Fact]
    public void A_file_that_is_no_certificate_is_refused()
    {
        (string certificate, string key, string authority) = Write(_authority.Assign("localhost"), _authority);
        File.WriteAllText(authority, "hello");
        Assert.Contains("AuthorityFile", Assert.Throws<BadInputException>(() => LinkSecurity.Load(certificate, key, authority, null)).Message);
        File.WriteAllText(certificate, "hello");
        Assert.Contains("CertificateFile", Assert.Throws<BadInputException>(() => LinkSecurity.Load(certificate, key, authority, null)).Message);
    }

    [Fact]
    public void A_certificate_of_another_authority_or_of_yesterday_is_refused()
    {
        using var foreign = new Authority("theirs");
        (string certificate, string key, string authority) = Write(foreign.Assign("localhost"), _authority);
        Assert.Contains("not to be trusted", Assert.Throws<BadInputException>(() => LinkSecurity.Load(certificate, key, authority, null)).Message);
        (certificate, key, authority) = Write(_authority.Assign("localhost", expired: true), _authority);
        Assert.Contains("not to be trusted", Assert.Throws<BadInputException>(() => LinkSecurity.Load(certificate, key, authority, null)).Message);
    }

    [Fact]
    public void A_cookie_is_read_without_the_space_around_it()
    {
        string path = _directory["cookie"];
        File.WriteAllText(path, "  0123456789abcdef\r\n");
        Assert.Equal("0123456789abcdef"u8.ToArray(), LinkSecurity.Load(null, null, null, path).Cookie);
    }

    [Theory]
    [InlineData("too short\n", "at least 16")]
    [InlineData("", "at least 16")]
    public void A_cookie_that_can_be_guessed_is_refused(string content, string reason)
    {
        string path = _directory["cookie"];
        File.WriteAllText(path, content);
        Assert.Contains(reason, Assert.Throws<BadInputException>(() => LinkSecurity.Load(null, null, null, path)).Message);
    }

    public static TheoryData<string, Action<string>, string> WrongFiles => new()
    {
        { "missing", _ => { }, "there is no such file" },
        { "directory", path => Directory.CreateDirectory(path), "is a directory, expected a file" },
        { "dangling link", path => File.CreateSymbolicLink(path, path + ".nowhere"), "there is no such file" },
        { "link to itself", path => File.CreateSymbolicLink(path, path), "cannot be read" },
        { "below a file", path => File.WriteAllText(Path.GetDirectoryName(path)!, "no directory"), "is no" },
        { "too long", path => File.WriteAllBytes(path, new byte[(1 << 20) + 1]), "has more than" },
        { "empty", path => File.WriteAllText(path, ""), "" },
    };

    [Theory]
    [MemberData(nameof(WrongFiles))]
    public void Whatever_is_wrong_with_a_file_is_one_line_with_the_property_and_the_path(string what, Action<string> make, string reason)
    {
        string path = what == "below a file" ? _directory["file/secret"] : _directory["secret"];
        make(path);
        (string certificate, string key, string authority) = Write(_authority.Assign("localhost"), _authority);
        Expect("CookieFile", () => LinkSecurity.Load(null, null, null, path));
        Expect("CertificateFile", () => LinkSecurity.Load(path, key, authority, null));
        Expect("KeyFile", () => LinkSecurity.Load(certificate, path, authority, null));
        Expect("AuthorityFile", () => LinkSecurity.Load(certificate, key, path, null));

        void Expect(string property, Action load)
        {
            string message = Assert.Throws<BadInputException>(load).Message;
            Assert.Contains($"{property} {path}", message, StringComparison.Ordinal);
            Assert.Contains(reason, message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Theory]
    [InlineData("localhost", false, true)]
    [InlineData("127.0.0.1", false, true)]
    [InlineData("[::1]", false, true)]
    [InlineData("0.0.0.0", false, false)]
    [InlineData("10.1.2.3", false, false)]
    [InlineData("coordinator", false, false)]
    [InlineData("coordinator", true, true)]
    public void Without_protection_only_loopback_or_insistence_will_do(string host, bool insecure, bool allowed)
    {
        Exception? e = Record.Exception(() => LinkSecurity.None.RequireFor(host, insecure));
        Assert.Equal(allowed, e is null);
        LinkSecurity.WithCookie(new byte[16]).RequireFor(host, insecure);
    }

    [Theory]
    [InlineData("localhost", "127.0.0.1", "127.0.0.1")]
    [InlineData("ip6-name.invalid", "127.0.0.1", null)]
    [InlineData("*.example.org", "127.0.0.1", null)]
    [InlineData("localhost", "192.0.2.1", null)]
    public void A_certificate_has_a_name_at_the_addresses_that_it_leads_to(string name, string address, string? expected) =>
        Assert.Equal(expected, _authority.Identity(name).NameAt(IPAddress.Parse(address)));

    [Fact]
    public void A_certificate_without_the_address_has_its_name_there()
    {
        // The name of this machine leads to it, where it leads anywhere.
        string name = Dns.GetHostName();
        if (Addresses(name).FirstOrDefault() is { } address)
        {
            Assert.Equal(name, _authority.Identity(name).NameAt(address));
        }
    }

    private static IPAddress[] Addresses(string name)
    {
        try
        {
            return Dns.GetHostAddresses(name);
        }
        catch (SocketException)
        {
            return [];
        }
    }

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    private (string Certificate, string Key, string Authority) Write(X509Certificate2 certificate, Authority authority)
    {
        (string, string, string) paths = (_directory["node.pem"], _directory["node.key"], _directory["ca.pem"]);
        File.WriteAllText(paths.Item1, certificate.ExportCertificatePem());
        File.WriteAllText(paths.Item2, certificate.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(paths.Item3, authority.Pem);
        certificate.Dispose();
        return paths;
    }
}
