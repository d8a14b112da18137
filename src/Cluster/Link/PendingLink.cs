namespace NnCluster.Link;

/// <summary>Expectation of one link: its token goes to a node over the control plane, the node opens the link with it.</summary>
internal sealed class PendingLink : IDisposable
{
    private readonly DataListener _listener;
    private readonly ITimer _expiry;
    private readonly TaskCompletionSource<DataLink> _link = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal PendingLink(byte[] token, DataListener listener, TimeSpan lifetime, TimeProvider time)
    {
        Token = token;
        _listener = listener;
        _expiry = time.CreateTimer(_ => Fail(new(LinkRefusal.Timeout, $"the worker did not open its link within {lifetime.TotalSeconds:0.#} s")), null, lifetime, Timeout.InfiniteTimeSpan);
    }

    /// <summary>32 random bytes, valid for one link.</summary>
    public ReadOnlyMemory<byte> Token { get; }

    /// <summary>The link, not started; fails with a <see cref="LinkException"/> if it was not opened in time or broke in the handshake.</summary>
    public Task<DataLink> Link => _link.Task;

    /// <summary>Withdraws the token; a link that has been opened stays the caller's.</summary>
    public void Dispose() => Fail(new(LinkRefusal.Withdrawn, "the coordinator withdrew the token"));

    internal void Complete(DataLink link)
    {
        _expiry.Dispose();
        if (!_link.TrySetResult(link))
        {
            link.Dispose();
        }
    }

    internal void Fail(LinkException reason)
    {
        _expiry.Dispose();
        _listener.Forget(this);
        _link.TrySetException(reason);
    }
}
