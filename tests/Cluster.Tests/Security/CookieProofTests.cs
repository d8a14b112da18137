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

public sealed class CookieProofTests
{
    private static readonly LinkSecurity Ours = LinkSecurity.WithCookie("0123456789abcdef"u8.ToArray());
    private static readonly LinkSecurity Theirs = LinkSecurity.WithCookie("fedcba9876543210"u8.ToArray());
    private readonly byte[] _worker = CookieProof.NewNonce();
    private readonly byte[] _coordinator = CookieProof.NewNonce();

    [Fact]
    public void The_same_cookie_proves_both_sides()
    {
        Assert.Null(CookieProof.Check(Worker(Ours, "w"), Worker(Ours, "w")));
        Assert.Null(CookieProof.Check(CookieProof.OfCoordinator(Ours, _worker, _coordinator), CookieProof.OfCoordinator(Ours, _worker, _coordinator)));
        Assert.Null(CookieProof.Check(Worker(LinkSecurity.None, "w"), Worker(LinkSecurity.None, "w")));
    }

    [Fact]
    public void Another_cookie_name_nonce_or_role_proves_nothing()
    {
        byte[] expected = Worker(Ours, "w");
        Assert.Contains("differ", CookieProof.Check(expected, Worker(Theirs, "w")));
        Assert.Contains("differ", CookieProof.Check(expected, Worker(Ours, "v")));
        Assert.Contains("differ", CookieProof.Check(expected, CookieProof.OfNode(Ours, _worker, CookieProof.NewNonce(), "w")));
        Assert.Contains("differ", CookieProof.Check(expected, CookieProof.OfNode(Ours, CookieProof.NewNonce(), _coordinator, "w")));
        Assert.Contains("differ", CookieProof.Check(expected, CookieProof.OfCoordinator(Ours, _worker, _coordinator)));
    }

    [Fact]
    public void A_cookie_on_one_side_only_is_said_to_be()
    {
        Assert.Contains("gave none", CookieProof.Check(Worker(Ours, "w"), []));
        Assert.Contains("no cookie", CookieProof.Check([], Worker(Ours, "w")));
    }

    private byte[] Worker(LinkSecurity security, string name) => CookieProof.OfNode(security, _worker, _coordinator, name);
}
