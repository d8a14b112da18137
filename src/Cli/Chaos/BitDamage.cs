namespace NnCluster.Cli.Chaos;

/// <summary>
/// Flips one bit in the next bytes of a data link: half of the time within the first 56, where a frame's header is if
/// one begins there.
/// </summary>
/// <param name="draw">Random number that decides bit and direction.</param>
/// <param name="onInject">Called immediately before the bit is flipped.</param>
internal sealed class BitDamage(uint draw, Action onInject)
{
    private const int HeaderBytes = 56;

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _used;

    /// <summary>Whether the bit is one that the worker sends; if not, one that it receives.</summary>
    public bool FromWorker => (draw & 1) == 0;

    /// <summary>Completes when the bit is flipped.</summary>
    public Task Done => _done.Task;

    /// <summary>Flips the bit; does nothing after the first time, and for no bytes.</summary>
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
