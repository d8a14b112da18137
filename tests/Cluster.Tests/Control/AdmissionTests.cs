using Akka.Actor;
using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Link;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.Control;

public sealed class AdmissionTests
{
    private static readonly RegisterNode Node =
        new(Nobody.Instance, "w", 2, WireVersion.Current, "0.1.0", ["simd 1", "openblas 0.3"], [], []);

    [Theory]
    [InlineData("simd 1")]
    [InlineData("openblas 0.3")]
    public void A_node_with_the_runs_arithmetic_is_taken_in(string arithmetic) => Assert.Null(Admission.Check(Node, arithmetic));

    [Fact]
    public void Another_arithmetic_is_refused_and_both_are_named()
    {
        Refusal refusal = Admission.Check(Node, "simd 2")!;
        Assert.Equal(RefusalCause.Arithmetic, refusal.Cause);
        Assert.Contains("simd 2", refusal.Text);
        Assert.Contains("simd 1, openblas 0.3", refusal.Text);
    }

    [Fact]
    public void Another_wire_version_is_refused_and_both_are_named()
    {
        Refusal refusal = Admission.Check(Node with { WireVersion = 1 }, "simd 1", wireVersion: 2)!;
        Assert.Equal(RefusalCause.WireVersion, refusal.Cause);
        Assert.Contains("wire version 1, the coordinator 2", refusal.Text);
    }

    [Fact]
    public void A_node_without_workers_is_refused()
    {
        Refusal refusal = Admission.Check(Node with { Workers = 0 }, "simd 1")!;
        Assert.Equal(RefusalCause.WorkerCount, refusal.Cause);
        Assert.Contains("at least 1", refusal.Text);
    }
}
