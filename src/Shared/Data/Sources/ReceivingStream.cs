namespace NnCluster.Data;

/// <summary>Body of a response, read asynchronously: reports its progress, and fails after a time without data.</summary>
internal sealed class ReceivingStream(Stream body, TimeSpan stallTimeout, Action<long> received) : ForwardStream(body)
{
    private long _received;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var stalled = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        stalled.CancelAfter(stallTimeout);
        try
        {
            int got = await Source.ReadAsync(buffer, stalled.Token).ConfigureAwait(false);
            received(_received += got);
            return got;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"no data for {stallTimeout.TotalSeconds:0.#} s after {_received} bytes");
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(Span<byte> buffer) => throw new NotSupportedException();
}
