using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.Control;

public sealed class CookieProofTests
{
    private static readonly LinkSecurity Ours = LinkSecurity.WithCookie("0123456789abcdef"u8.ToArray());
    private static readonly LinkSecurity Theirs = LinkSecurity.WithCookie("fedcba9876543210"u8.ToArray());
    private readonly byte[] _node = CookieProof.NewNonce();
    private readonly byte[] _coordinator = CookieProof.NewNonce();

    [Fact]
    public void The_same_cookie_proves_both_sides()
    {
        Assert.Null(CookieProof.Check(Node(Ours, "w"), Node(Ours, "w")));
        byte[] coordinator = CookieProof.OfCoordinator(Ours, _node, _coordinator);
        Assert.Null(CookieProof.Check(coordinator, CookieProof.OfCoordinator(Ours, _node, _coordinator)));
        Assert.Null(CookieProof.Check(Node(LinkSecurity.None, "w"), Node(LinkSecurity.None, "w")));
    }

    [Fact]
    public void Another_cookie_name_nonce_or_role_proves_nothing()
    {
        byte[] expected = Node(Ours, "w");
        AssertRefused("differ", CookieProof.Check(expected, Node(Theirs, "w")));
        AssertRefused("differ", CookieProof.Check(expected, Node(Ours, "v")));
        AssertRefused("differ", CookieProof.Check(expected, CookieProof.OfNode(Ours, _node, CookieProof.NewNonce(), "w")));
        AssertRefused("differ", CookieProof.Check(expected, CookieProof.OfNode(Ours, CookieProof.NewNonce(), _coordinator, "w")));
        AssertRefused("differ", CookieProof.Check(expected, CookieProof.OfCoordinator(Ours, _node, _coordinator)));
    }

    [Fact]
    public void A_cookie_on_one_side_only_is_said_to_be()
    {
        AssertRefused("gave none", CookieProof.Check(Node(Ours, "w"), []));
        AssertRefused("no cookie", CookieProof.Check([], Node(Ours, "w")));
    }

    private static void AssertRefused(string text, Refusal? refusal)
    {
        Assert.Equal(RefusalCause.Cookie, refusal?.Cause);
        Assert.Contains(text, refusal?.Text, StringComparison.Ordinal);
    }

    private byte[] Node(LinkSecurity security, string name) => CookieProof.OfNode(security, _node, _coordinator, name);
}
