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
    private static readonly RegisterNode Worker = new(Nobody.Instance, "w", 2, WireVersion.Current, "0.1.0", ["simd 1", "openblas 0.3"], [], [], []);

    [Theory]
    [InlineData("simd 1")]
    [InlineData("openblas 0.3")]
    public void A_worker_with_the_runs_arithmetic_is_taken_in(string arithmetic) => Assert.Null(Admission.Check(Worker, arithmetic));

    [Fact]
    public void Another_arithmetic_is_refused_and_both_are_named()
    {
        string reason = Admission.Check(Worker, "simd 2")!;
        Assert.Contains("simd 2", reason);
        Assert.Contains("simd 1, openblas 0.3", reason);
    }

    [Fact]
    public void Another_wire_version_is_refused_and_both_are_named() =>
        Assert.Contains("wire version 1, the coordinator 2", Admission.Check(Worker with { WireVersion = 1 }, "simd 1", wireVersion: 2));

    [Fact]
    public void A_worker_without_slots_is_refused() => Assert.Contains("at least 1", Admission.Check(Worker with { Workers = 0 }, "simd 1"));
}
