namespace NnCluster.Cli.Chaos;

/// <summary>
/// Flips one bit in the next bytes of a data link. With probability ½ it is in the first 56 bytes: the header, if a frame
/// begins there.
/// </summary>
/// <param name="draw">Random number that decides the bit and the direction.</param>
/// <param name="onInject">Called immediately before the bit is flipped.</param>
internal sealed class BitDamage(uint draw, Action onInject)
{
    private const int HeaderBytes = 56;

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _used;

    /// <summary>True: the bit is in bytes that the node sends; false: in bytes that it receives.</summary>
    public bool FromNode => (draw & 1) == 0;

    /// <summary>Completes when the bit is flipped.</summary>
    public Task Done => _done.Task;

    /// <summary>Flips the bit in the first call with bytes; later calls do nothing.</summary>
    public void Apply(Span<byte> bytes)
    {
        if (bytes.IsEmpty || Interlocked.Exchange(ref _used, 1) != 0)
        {
            return;
        }

        onInject();
        int reach = (draw & 2) == 0 ? Math.Min(HeaderBytes, bytes.Length) : bytes.Length;
        bytes[(int)((draw >> 5) % (uint)reach)] ^= (byte)(1 << (int)((draw >> 2) & 7));
        _done.TrySetResult();
    }
}
