using NnCluster.Numerics;

namespace NnCluster.Data;

/// <summary>
/// Order of the rows in each epoch: a <see cref="Shuffle"/> with the words of the counter-based stream (seed, permutation, epoch).
/// Keeps the last two epochs, for minibatches that straddle them. Thread-safe.
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

            Entry made = new(epoch, Shuffle.Of(new(_seed, RandomStream.Permutation, B: (ulong)epoch), _rows));
            Volatile.Write(ref _older, _newer);
            Volatile.Write(ref _newer, made);
            return made;
        }
    }

    private sealed record Entry(int Epoch, int[] Order);
}
