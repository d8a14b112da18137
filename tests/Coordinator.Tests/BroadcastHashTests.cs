using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Coordinator.Tests;

public sealed class BroadcastHashTests
{
    [Fact]
    public void Weights_are_hashed_once_a_step_and_anew_for_the_next()
    {
        using var pool = new BufferPool(1000);
        RefCountedBuffer first = pool.Rent();
        first.Span.Fill(1);
        RefCountedBuffer second = pool.Rent();
        second.Span.Fill(2);
        var hashes = new BroadcastHash();
        Lazy<ulong> ofFirst = hashes.Of(0, first);
        Assert.Same(ofFirst, hashes.Of(0, first));
        Assert.Equal(TensorHash.Of(first), ofFirst.Value);
        Assert.Equal(TensorHash.Of(second), hashes.Of(1, second).Value);
        first.Release();
        second.Release();
    }
}
