using Akka.Actor;
using CsCheck;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Optimization;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Cluster.Tests.Control;

public sealed class NodeRegistrationTests
{
    private const string Arithmetic = "simd 1";
    private static readonly LinkSecurity Cookie = LinkSecurity.WithCookie("0123456789abcdef"u8.ToArray());
    private static readonly LinkSecurity OtherCookie = LinkSecurity.WithCookie("fedcba9876543210"u8.ToArray());
    private static readonly byte[] Nonce = new byte[CookieProof.NonceBytes];
    private static readonly NodeOffer Offer = new(new TestRef("node"), "w", 2, "1.0", [Arithmetic]);

    private static readonly RunSpec Spec = new()
    {
        Dataset = "small",
        DatasetSha256 = new string('a', 64),
        Model = new() { Inputs = 4, Outputs = 3, Hidden = [] },
        Optimizer = new OptimizerSpec().Resolve(),
        Epochs = 1,
        BatchSize = 8,
        Shards = 4,
        Seed = 1,
        Arithmetic = Arithmetic,
    };

    private static readonly RegistrationAccepted Answer = new(
        Spec.ToJson(), "run-a", 3, "localhost", 4500, new byte[32], "small", Spec.DatasetSha256, 100);

    public static TheoryData<string, object> UnusableAnswers => new()
    {
        { "no run", Answer with { Run = "{}" } },
        { "no JSON", Answer with { Run = "run" } },
        { "a short token", Answer with { LinkToken = [1] } },
        { "no port", Answer with { LinkPort = 0 } },
        { "a port beyond all", Answer with { LinkPort = 65_536 } },
        { "no data", Answer with { DatasetLength = 0 } },
        { "another arithmetic", Answer with { Run = (Spec with { Arithmetic = "simd 2" }).ToJson() } },
    };

    [Fact]
    public void A_node_and_a_coordinator_of_one_cookie_come_together()
    {
        foreach (LinkSecurity security in new[] { Cookie, LinkSecurity.None })
        {
            var coordinator = new CoordinatorRegistration(security, Arithmetic, 3, CookieProof.NewNonce);
            NodeRegistration node = Create(security);
            RegisterNode register = Registered(node, Sent<RegistrationNonce>(coordinator.OnRequestNonce(Offer.Node, node.Request)));
            Assert.IsType<RegistrationEffect.Accept>(Assert.Single(coordinator.OnRegister(Offer.Node, register)));
            var open = Assert.IsType<NodeDecision.OpenLink>(node.Handle(Answer));
            Assert.Equal((Answer, Spec.ToJson()), (open.Accepted, open.Spec.ToJson()));
        }
    }

    [Fact]
    public void A_coordinator_that_does_not_prove_the_cookie_ends_the_node_before_it_registers()
    {
        foreach (LinkSecurity other in new[] { OtherCookie, LinkSecurity.None })
        {
            var coordinator = new CoordinatorRegistration(other, Arithmetic, 3, CookieProof.NewNonce);
            NodeRegistration node = Create(Cookie);
            NodeDecision decision = node.Handle(Sent<RegistrationNonce>(coordinator.OnRequestNonce(Offer.Node, node.Request)));
            Assert.Equal(NodeEndCause.CoordinatorDistrusted, Assert.IsType<NodeDecision.End>(decision).Cause);
        }
    }

    [Fact]
    public void A_coordinator_that_has_proved_nothing_is_obeyed_in_nothing()
    {
        NodeRegistration node = Create(Cookie);
        foreach (IControlMessage message in new IControlMessage[] { Answer, new RunDismissed(9, ""), new CoordinatorLeaving(9, "") })
        {
            Assert.Equal(new NodeDecision.Ignore(IgnoreCause.NotRequested), node.Handle(message));
        }
    }

    [Fact]
    public void A_refusal_ends_the_node_with_the_coordinators_cause()
    {
        Assert.Equal(
            new NodeDecision.End(NodeEndCause.RegistrationRefused, "no", RefusalCause.Arithmetic),
            Proved(Cookie).Handle(new RegistrationRefused((long)RefusalCause.Arithmetic, "no")));
        Assert.Equal(
            new NodeDecision.End(NodeEndCause.RegistrationRefused, "no", RefusalCause.Unknown),
            Create(Cookie).Handle(new RegistrationRefused(1L << 40, "no")));
    }

    [Theory]
    [InlineData("run-a", 2, true)]
    [InlineData("run-a", 3, false)]
    [InlineData("run-a", 4, false)]
    [InlineData("run-b", 1, false)]
    public void A_lower_term_of_the_same_run_ends_the_node_and_any_other_term_does_not(string run, long term, bool stale)
    {
        NodeDecision decision = Proved(Cookie, newest: ("run-a", 3)).Handle(Answer with { RunId = run, Term = term });
        Assert.Equal(stale, decision is NodeDecision.End { Cause: NodeEndCause.StaleTerm });
        Assert.Equal(!stale, decision is NodeDecision.OpenLink);
    }

    [Theory]
    [MemberData(nameof(UnusableAnswers))]
    public void An_answer_that_cannot_be_used_ends_the_node(string what, object answer)
    {
        Assert.NotEmpty(what);
        var end = Assert.IsType<NodeDecision.End>(Proved(Cookie).Handle((RegistrationAccepted)answer));
        Assert.Equal(NodeEndCause.RunUnusable, end.Cause);
        Assert.NotEmpty(end.Text);
    }

    [Fact]
    public void After_the_answer_only_the_same_or_a_higher_term_ends_the_node()
    {
        NodeRegistration node = Proved(Cookie);
        node.Handle(Answer);
        Assert.Equal(new NodeDecision.Ignore(IgnoreCause.StaleTerm), node.Handle(new RunDismissed(2, "old")));
        Assert.Equal(new NodeDecision.Ignore(IgnoreCause.StaleTerm), node.Handle(new CoordinatorLeaving(2, "old")));
        Assert.Equal(new NodeDecision.End(NodeEndCause.RunOver, "done"), node.Handle(new RunDismissed(3, "done")));
        Assert.Equal(new NodeDecision.End(NodeEndCause.CoordinatorLeft, "bye"), node.Handle(new CoordinatorLeaving(4, "bye")));
    }

    [Fact]
    public void A_second_nonce_or_answer_is_ignored()
    {
        NodeRegistration node = Proved(Cookie);
        Assert.Equal(new NodeDecision.Ignore(IgnoreCause.AlreadyAnswered), node.Handle(NonceOf(Cookie)));
        node.Handle(Answer);
        foreach (IControlMessage message in new IControlMessage[] { NonceOf(OtherCookie), Answer, new RegistrationRefused(1, "no") })
        {
            Assert.Equal(new NodeDecision.Ignore(IgnoreCause.AlreadyAnswered), node.Handle(message));
        }
    }

    [Fact]
    public void A_message_for_coordinators_is_ignored_in_every_state()
    {
        NodeRegistration accepted = Proved(Cookie);
        accepted.Handle(Answer);
        RegisterNode register = Registered(Create(Cookie), NonceOf(Cookie));
        foreach (NodeRegistration node in new[] { Create(Cookie), Proved(Cookie), accepted })
        {
            foreach (IControlMessage message in new IControlMessage[] { node.Request, register, new NodeLeaving("w", "") })
            {
                Assert.Equal(new NodeDecision.Ignore(IgnoreCause.NotForNodes), node.Handle(message));
            }
        }
    }

    [Fact]
    public void Whatever_a_coordinator_sends_in_whatever_order_no_link_is_opened_without_its_proof_and_none_twice()
    {
        IControlMessage[] messages =
        [
            NonceOf(Cookie), NonceOf(OtherCookie), NonceOf(LinkSecurity.None), Answer, Answer with { Term = 1 }, Answer with { Run = "" },
            new RegistrationRefused(1, ""), new RunDismissed(3, ""), new CoordinatorLeaving(1, ""), new NodeLeaving("", ""),
        ];
        Gen.Int[0, messages.Length - 1].Array[1, 20].Sample(order =>
        {
            NodeRegistration node = Create(Cookie);
            bool proved = false;
            int opened = 0;
            foreach (int i in order)
            {
                switch (node.Handle(messages[i]))
                {
                    case NodeDecision.Register:
                        Assert.Equal(0, i);
                        proved = true;
                        break;
                    case NodeDecision.OpenLink:
                        Assert.True(proved);
                        opened++;
                        break;
                    case NodeDecision.End:
                        return;
                }
            }

            Assert.InRange(opened, 0, 1);
        });
    }

    private static NodeRegistration Create(LinkSecurity security, (string, long)? newest = null) => new(Offer, security, Nonce, newest);

    private static NodeRegistration Proved(LinkSecurity security, (string, long)? newest = null)
    {
        NodeRegistration node = Create(security, newest);
        Registered(node, NonceOf(security));
        return node;
    }

    private static RegistrationNonce NonceOf(LinkSecurity security)
    {
        byte[] nonce = new byte[CookieProof.NonceBytes];
        return new(nonce, CookieProof.OfCoordinator(security, Nonce, nonce));
    }

    private static RegisterNode Registered(NodeRegistration node, RegistrationNonce nonce) =>
        Assert.IsType<NodeDecision.Register>(node.Handle(nonce)).Message;

    private static T Sent<T>(IReadOnlyList<RegistrationEffect> effects)
        where T : IControlMessage => Assert.IsType<T>(Assert.IsType<RegistrationEffect.Send>(Assert.Single(effects)).Message);
}
