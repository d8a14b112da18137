using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>One bit to turn over in the bytes that pass next: half the time in a frame's header, if a frame begins there.</summary>
internal sealed class BitDamage(uint draw, Action strikes)
{
    private const int HeaderBytes = 56;

    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _used;

    /// <summary>Whether it strikes what the worker sends; else what is sent to it.</summary>
    public bool FromWorker => (draw & 1) == 0;

    /// <summary>Complete when the bit is turned over.</summary>
    public Task Done => _done.Task;

    /// <summary>Strikes once.</summary>
    public void Apply(Span<byte> bytes)
    {
        if (bytes.IsEmpty || Interlocked.Exchange(ref _used, 1) != 0)
        {
            return;
        }

        strikes();
        int reach = (draw & 2) == 0 ? Math.Min(HeaderBytes, bytes.Length) : bytes.Length;
        bytes[(int)((draw >> 5) % (uint)reach)] ^= (byte)(1 << (int)((draw >> 2) & 7));
        _done.TrySetResult();
    }
}
