using NnCluster.Numerics;

namespace NnCluster.Data;

/// <summary>
/// Order of the rows in each epoch: Fisher and Yates' shuffle (Durstenfeld 1964) with the words of the counter-based stream (seed,
/// permutation, epoch). Keeps the last two epochs, for minibatches that straddle them. Thread-safe.
/// </summary>
public sealed class EpochPermutation
{
    private readonly Lock _computing = new();
    private readonly ulong _seed;
    private readonly int _rows;
    private Entry? _newer;
    private Entry? _older;

    /// <summary>Permutations of the rows 0 … <paramref name="rows"/> - 1.</summary>
    public EpochPermutation(ulong seed, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        _seed = seed;
        _rows = rows;
    }

    /// <summary>Order of epoch <paramref name="epoch"/>, counted from 0; immutable.</summary>
    public ReadOnlySpan<int> Of(int epoch)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(epoch);
        return (Find(epoch) ?? Compute(epoch)).Order;
    }

    private Entry? Find(int epoch)
    {
        Entry? newer = Volatile.Read(ref _newer);
        Entry? older = Volatile.Read(ref _older);
        return newer?.Epoch == epoch ? newer : older?.Epoch == epoch ? older : null;
    }

    private Entry Compute(int epoch)
    {
        lock (_computing)
        {
            if (Find(epoch) is { } found)
            {
                return found;
            }

            Entry made = new(epoch, Shuffled(epoch));
            Volatile.Write(ref _older, _newer);
            Volatile.Write(ref _newer, made);
            return made;
        }
    }

    private int[] Shuffled(int epoch)
    {
        int[] order = new int[_rows];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Words words = new(_seed, epoch);
        for (int last = order.Length - 1; last > 0; last--)
        {
            int other = (int)words.Below((uint)last + 1);
            (order[last], order[other]) = (order[other], order[last]);
        }

        return order;
    }

    /// <summary>The words of the epoch's stream, one after the other.</summary>
    private ref struct Words(ulong seed, int epoch)
    {
        private const int Block = 1024;

        private readonly CounterRandom _stream = new(seed, RandomStream.Permutation, B: (ulong)epoch);
        private readonly uint[] _buffer = new uint[Block];
        private int _next;
        private int _used = Block;

        /// <summary>An unbiased number in [0, bound): Lemire, "Fast random integer generation in an interval" (2019).</summary>
        public uint Below(uint bound)
        {
            ulong product = (ulong)Next() * bound;
            if ((uint)product < bound)
            {
                uint threshold = (0u - bound) % bound;
                while ((uint)product < threshold)
                {
                    product = (ulong)Next() * bound;
                }
            }

            return (uint)(product >> 32);
        }

        private uint Next()
        {
            if (_used == Block)
            {
                _stream.Fill(_buffer, _next);
                _next += Block;
                _used = 0;
            }

            return _buffer[_used++];
        }
    }

    private sealed record Entry(int Epoch, int[] Order);
}
