using Akka.Actor;
using CsCheck;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Cluster.Tests.Control;

public sealed class CoordinatorRegistrationTests
{
    private const string Arithmetic = "simd 1";
    private const long Term = 7;
    private static readonly LinkSecurity Cookie = LinkSecurity.WithCookie("0123456789abcdef"u8.ToArray());
    private static readonly byte[] NodeNonce = new byte[CookieProof.NonceBytes];

    private readonly TestRef _node = new("a");
    private int _nonces;

    [Fact]
    public void A_node_that_proves_the_cookie_is_accepted_and_its_incarnations_are_numbered()
    {
        CoordinatorRegistration registration = Create(Cookie);
        Assert.Equal(
            [new("w.1"), new("w.2"), new("w.3")],
            Enumerable.Range(0, 3).Select(_ => Accepted(Register(registration, _node, "w")).Id));
        Assert.Equal(new ParticipantId("v.1"), Accepted(Register(registration, _node, "v")).Id);
        Assert.Equal(4, registration.Nodes.Count);
    }

    [Fact]
    public void The_coordinator_proves_the_cookie_with_its_nonce()
    {
        RegistrationNonce answer = Nonce(Create(Cookie), _node);
        Assert.Equal(CookieProof.OfCoordinator(Cookie, NodeNonce, answer.CoordinatorNonce), answer.Proof);
    }

    [Fact]
    public void A_nonce_serves_once_and_only_the_node_that_it_was_sent_to()
    {
        CoordinatorRegistration registration = Create(Cookie);
        RegistrationNonce nonce = Nonce(registration, _node);
        IActorRef thief = new TestRef("b");
        Assert.Empty(registration.OnRegister(thief, Registration(thief, nonce, "w")));
        Assert.IsType<RegistrationEffect.Accept>(Assert.Single(registration.OnRegister(_node, Registration(_node, nonce, "w"))));
        Assert.Empty(registration.OnRegister(_node, Registration(_node, nonce, "w")));
    }

    [Fact]
    public void The_oldest_pending_registration_is_dropped_and_no_more_are_kept()
    {
        CoordinatorRegistration registration = Create(Cookie);
        RegistrationNonce first = Nonce(registration, _node);
        for (int i = 0; i < CoordinatorRegistration.MaxPending; i++)
        {
            Nonce(registration, new TestRef("stranger", $"s{i}"));
        }

        Assert.Empty(registration.OnRegister(_node, Registration(_node, first, "w")));
    }

    [Theory]
    [InlineData(RefusalCause.WireVersion)]
    [InlineData(RefusalCause.Nonce)]
    public void A_request_that_cannot_be_served_is_refused_with_its_cause(object cause)
    {
        RequestNonce request = (RefusalCause)cause == RefusalCause.WireVersion
            ? new(WireVersion.Current + 1, NodeNonce)
            : new(WireVersion.Current, [1]);
        AssertRefused((RefusalCause)cause, Create(Cookie).OnRequestNonce(_node, request));
    }

    [Theory]
    [InlineData(RefusalCause.Cookie)]
    [InlineData(RefusalCause.WireVersion)]
    [InlineData(RefusalCause.WorkerCount)]
    [InlineData(RefusalCause.Arithmetic)]
    public void A_registration_that_does_not_fit_is_refused_with_its_cause(object cause)
    {
        CoordinatorRegistration registration = Create(Cookie);
        RegisterNode right = Registration(_node, Nonce(registration, _node), "w");
        AssertRefused((RefusalCause)cause, registration.OnRegister(_node, (RefusalCause)cause switch
        {
            RefusalCause.Cookie => right with { Name = "v" },
            RefusalCause.WireVersion => right with { WireVersion = WireVersion.Current + 1 },
            RefusalCause.WorkerCount => right with { Workers = 0 },
            _ => right with { Arithmetics = ["simd 2"] },
        }));
        Assert.Empty(registration.Nodes);
    }

    [Fact]
    public void Names_that_are_sanitised_to_one_share_their_incarnations_and_none_forges_a_log_line()
    {
        CoordinatorRegistration registration = Create(Cookie);
        Assert.Equal(new ParticipantId("a-b.1"), Accepted(Register(registration, _node, "a/b")).Id);
        Assert.Equal(new ParticipantId("a-b.2"), Accepted(Register(registration, _node, "a\nb")).Id);
        RegisterNode forged = Registration(_node, Nonce(registration, _node), "x\nworker y joined");
        forged = forged with { Arithmetics = ["\nworker z joined"] };
        string line = registration.OnRegister(_node, forged).OfType<RegistrationEffect.Log>().Single().Line;
        Assert.StartsWith("refused x-worker-y-joined: ", line, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', line);
    }

    [Fact]
    public void More_workers_than_a_node_may_have_count_as_the_most()
    {
        CoordinatorRegistration registration = Create(Cookie);
        RegisterNode node = Registration(_node, Nonce(registration, _node), "w") with { Workers = long.MaxValue };
        Assert.Equal(CoordinatorRegistration.MaxWorkers, Accepted(registration.OnRegister(_node, node)).Workers);
    }

    [Theory]
    [InlineData(LossCause.Unreachable)]
    [InlineData(LossCause.RemovedFromCluster)]
    public void A_lost_member_costs_the_nodes_at_its_address_and_is_reported_once(object cause)
    {
        CoordinatorRegistration registration = Create(Cookie);
        Register(registration, _node, "a");
        Register(registration, new TestRef("b"), "b");
        IReadOnlyList<RegistrationEffect> effects = registration.OnMemberLost(_node.Path.Address, (LossCause)cause);
        var lost = Assert.IsType<RegistrationEffect.ReportLost>(Assert.Single(effects));
        Assert.Equal((new ParticipantId("a.1"), (LossCause)cause), (lost.Id, lost.Cause));
        Assert.Empty(registration.OnMemberLost(_node.Path.Address, (LossCause)cause));
        Assert.Equal([new ParticipantId("b.1")], registration.Nodes);
    }

    [Fact]
    public void A_node_that_shards_is_reported_and_a_stranger_that_shards_is_not()
    {
        CoordinatorRegistration registration = Create(Cookie);
        Register(registration, _node, "a");
        Assert.Empty(registration.OnLeaving(new TestRef("b"), new("a", "bye")));
        var lost = Assert.IsType<RegistrationEffect.ReportLost>(Assert.Single(registration.OnLeaving(_node, new("a", "good\nbye"))));
        Assert.Equal((LossCause.Left, "it leaves: good bye"), (lost.Cause, lost.Text));
    }

    [Fact]
    public void A_link_that_was_not_opened_is_logged_and_the_node_forgotten()
    {
        CoordinatorRegistration registration = Create(Cookie);
        ParticipantId id = Accepted(Register(registration, _node, "a")).Id;
        Assert.Equal([new RegistrationEffect.Log("a.1: too late")], registration.OnLinkNotOpened(id, "too late"));
        Assert.Empty(registration.OnLinkNotOpened(id, "too late"));
        Assert.Empty(registration.Nodes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_dismissal_is_complete_when_the_last_node_is_gone_and_no_further_node_is_accepted(bool mayReturn)
    {
        CoordinatorRegistration registration = Create(Cookie);
        ParticipantId id = Accepted(Register(registration, _node, "a")).Id;
        IControlMessage message = mayReturn ? new CoordinatorLeaving(Term, "done") : new RunDismissed(Term, "done");
        Assert.Equal(
            [new RegistrationEffect.Send(_node, message), new RegistrationEffect.CloseLinks("done", mayReturn)],
            registration.OnDismiss("done", mayReturn));
        Assert.Empty(Register(registration, new TestRef("b"), "b"));
        Assert.Equal([new RegistrationEffect.DismissalComplete()], registration.OnLostByRun(id, null));
    }

    [Fact]
    public void A_dismissal_without_nodes_is_complete_at_once() =>
        Assert.Equal(
            [new RegistrationEffect.CloseLinks("done", false), new RegistrationEffect.DismissalComplete()],
            Create(Cookie).OnDismiss("done", mayReturn: false));

    [Fact]
    public void Whatever_happens_in_whatever_order_ids_are_new_losses_are_of_accepted_nodes_and_a_dismissal_ends()
    {
        Gen.Int[0, 999].Array[1, 60].Sample(steps =>
        {
            CoordinatorRegistration registration = Create(Cookie);
            TestRef[] nodes = [.. Enumerable.Range(0, 3).Select(i => new TestRef($"host-{i}"))];
            var nonces = new Dictionary<TestRef, RegistrationNonce>();
            var seen = new HashSet<ParticipantId>();
            var live = new HashSet<ParticipantId>();
            foreach (int step in steps)
            {
                TestRef node = nodes[step / 10 % nodes.Length];
                bool right = step / 100 % 2 == 0;
                IReadOnlyList<RegistrationEffect> effects = (step % 10) switch
                {
                    0 or 1 or 2 => registration.OnRequestNonce(node, new(WireVersion.Current, NodeNonce)),
                    3 or 4 or 5 when nonces.TryGetValue(node, out RegistrationNonce? nonce) =>
                        registration.OnRegister(node, Registration(node, nonce, "w") with { Workers = right ? 1 : 0 }),
                    6 => registration.OnMemberLost(node.Path.Address, LossCause.Unreachable),
                    7 => registration.OnLeaving(node, new("w", "bye")),
                    8 when live.Count > 0 => registration.OnLostByRun(live.First(), right ? "lost" : null),
                    _ => [],
                };
                foreach (RegistrationEffect effect in effects)
                {
                    switch (effect)
                    {
                        case RegistrationEffect.Send { Message: RegistrationNonce nonce }:
                            nonces[node] = nonce;
                            break;
                        case RegistrationEffect.Accept accept:
                            Assert.True(right && seen.Add(accept.Id) && live.Add(accept.Id));
                            break;
                        case RegistrationEffect.ReportLost lost:
                            Assert.True(live.Remove(lost.Id));
                            break;
                        case RegistrationEffect.DismissalComplete:
                            Assert.Fail("nothing was dismissed");
                            break;
                    }
                }

                live.IntersectWith(registration.Nodes);
                Assert.True(live.SetEquals(registration.Nodes));
            }

            int complete = registration.OnDismiss("done", mayReturn: false).OfType<RegistrationEffect.DismissalComplete>().Count();
            complete += nodes.Sum(node =>
                registration.OnMemberLost(node.Path.Address, LossCause.RemovedFromCluster).OfType<RegistrationEffect.DismissalComplete>().Count());
            Assert.Equal(1, complete);
        });
    }

    private static void AssertRefused(RefusalCause cause, IReadOnlyList<RegistrationEffect> effects)
    {
        var answer = Assert.IsType<RegistrationRefused>(effects.OfType<RegistrationEffect.Send>().Single().Message);
        Assert.Equal(cause, Refusal.From(answer).Cause);
        Assert.NotEmpty(answer.Reason);
        Assert.StartsWith("refused ", effects.OfType<RegistrationEffect.Log>().Single().Line, StringComparison.Ordinal);
    }

    private static RegistrationEffect.Accept Accepted(IReadOnlyList<RegistrationEffect> effects) =>
        Assert.IsType<RegistrationEffect.Accept>(Assert.Single(effects));

    private static RegistrationNonce Nonce(CoordinatorRegistration registration, IActorRef node)
    {
        IReadOnlyList<RegistrationEffect> effects = registration.OnRequestNonce(node, new(WireVersion.Current, NodeNonce));
        var send = Assert.IsType<RegistrationEffect.Send>(Assert.Single(effects));
        Assert.Equal(node, send.To);
        return Assert.IsType<RegistrationNonce>(send.Message);
    }

    private static RegisterNode Registration(IActorRef node, RegistrationNonce nonce, string name) => new(
        node, name, 1, WireVersion.Current, "1.0", [Arithmetic], nonce.CoordinatorNonce,
        CookieProof.OfNode(Cookie, NodeNonce, nonce.CoordinatorNonce, name));

    private static IReadOnlyList<RegistrationEffect> Register(CoordinatorRegistration registration, IActorRef node, string name) =>
        registration.OnRegister(node, Registration(node, Nonce(registration, node), name));

    private CoordinatorRegistration Create(LinkSecurity security) => new(security, Arithmetic, Term, () =>
    {
        byte[] nonce = new byte[CookieProof.NonceBytes];
        BitConverter.TryWriteBytes(nonce, ++_nonces);
        return nonce;
    });
}
