using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Memory;
using NnCluster.Numerics;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>The right to open one link: the token goes to the worker over the control plane, the link comes back.</summary>
public sealed class PendingLink : IDisposable
{
    private readonly DataListener _listener;
    private readonly ITimer _expiry;
    private readonly TaskCompletionSource<DataLink> _link = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal PendingLink(byte[] token, DataListener listener, TimeSpan lifetime, TimeProvider time)
    {
        Token = token;
        _listener = listener;
        _expiry = time.CreateTimer(_ => Fail($"the worker did not open its link within {lifetime.TotalSeconds:0.#} s"), null, lifetime, Timeout.InfiniteTimeSpan);
    }

    /// <summary>32 random bytes, good for one link.</summary>
    public ReadOnlyMemory<byte> Token { get; }

    /// <summary>The link, not yet started; a <see cref="LinkException"/> if it was not opened in time or broke at once.</summary>
    public Task<DataLink> Link => _link.Task;

    /// <summary>Takes the token back; a link that has come about already is the caller's.</summary>
    public void Dispose() => Fail("the coordinator took the token back");

    internal void Complete(DataLink link)
    {
        _expiry.Dispose();
        if (!_link.TrySetResult(link))
        {
            link.Dispose();
        }
    }

    internal void Fail(string reason)
    {
        _expiry.Dispose();
        _listener.Forget(this);
        _link.TrySetException(new LinkException(reason));
    }
}
