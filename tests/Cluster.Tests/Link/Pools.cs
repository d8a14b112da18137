using NnCluster.AkkaSupport;
using NnCluster.Cluster.Tests.AkkaSupport;
using NnCluster.Cluster.Tests.Control;
using NnCluster.Cluster.Tests.Security;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Testing;

namespace NnCluster.Cluster.Tests.Link;

/// <summary>Small buffers, and the proof that all of them came back.</summary>
internal static class Pools
{
    public static RefCountedBuffer RentFilled(this BufferPool pool, int seed)
    {
        RefCountedBuffer buffer = pool.Rent();
        Fill(buffer, seed);
        return buffer;
    }

    public static void Fill(RefCountedBuffer buffer, int seed)
    {
        var random = new Random(seed);
        foreach (ref float value in buffer.Span)
        {
            value = random.NextSingle();
        }
    }

    public static float[] Values(BufferPool pool, int seed)
    {
        RefCountedBuffer buffer = pool.RentFilled(seed);
        float[] values = buffer.Span.ToArray();
        buffer.Release();
        return values;
    }

    /// <summary>More buffers than a region has, so all of the region that may be rented; they are at rest again.</summary>
    public static RefCountedBuffer[] RentAllOfTheRegion(this BufferPool pool)
    {
        RefCountedBuffer[] rented = [.. Enumerable.Range(0, 30).Select(_ => pool.Rent())];
        Array.ForEach(rented, buffer => buffer.Release());
        return rented;
    }

    /// <summary>Every buffer ever made is at rest: as many can be rented without making one.</summary>
    public static void AssertAllReturned(this BufferPool pool)
    {
        int created = pool.Created;
        RefCountedBuffer[] all = [.. Enumerable.Range(0, created).Select(_ => pool.Rent())];
        Assert.Equal(created, pool.Created);
        foreach (RefCountedBuffer buffer in all)
        {
            buffer.Release();
        }
    }
}
