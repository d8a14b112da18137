using NnCluster.Numerics;

namespace NnCluster.Cli.Chaos;

/// <summary>One fault of a schedule.</summary>
/// <param name="Number">Number of the fault, from 0.</param>
/// <param name="Kind">Kind of the fault.</param>
/// <param name="Node">Index of the node, from 0; if that one is not in the run or has a fault, the next one. Not used for
/// coordinator and disk.</param>
/// <param name="Length">Length; zero for an instantaneous fault.</param>
/// <param name="Draw">Random number for further choices of the fault.</param>
internal sealed record PlannedFault(int Number, ChaosFault Kind, int Node, TimeSpan Length, uint Draw);

/// <summary>
/// An endless schedule of faults, a pure function of its seed. It is divided into cycles of as many faults as there are kinds;
/// in every cycle each kind occurs once, in a shuffled order.
/// </summary>
/// <param name="seed">The seed.</param>
/// <param name="kinds">Kinds of faults.</param>
/// <param name="nodes">Number of nodes.</param>
internal sealed class FaultSchedule(ulong seed, IReadOnlyList<ChaosFault> kinds, int nodes)
{
    private const int FaultsPerLongOne = 8;

    /// <summary>The fault of a number, from 0.</summary>
    public PlannedFault this[int number]
    {
        get
        {
            var draws = new CounterRandom(seed, RandomStream.Faults, (uint)number, 1);
            ChaosFault kind = KindOf(number);
            bool isLong = draws.Below(FaultsPerLongOne, 1) == 0;
            return new(number, kind, draws.Below(nodes, 0), LengthOf(kind, isLong, draws.UniformDouble(1)), draws.Word(4));
        }
    }

    /// <summary>Whether no other fault may last at the same time.</summary>
    public static bool IsExclusive(ChaosFault kind) => kind is ChaosFault.Coordinator or ChaosFault.Disk;

    // Fisher-Yates over the kinds of the cycle, up to the index of the fault.
    private ChaosFault KindOf(int number)
    {
        ChaosFault[] deck = [.. kinds];
        int cycle = number / deck.Length;
        var draws = new CounterRandom(seed, RandomStream.Faults, (uint)cycle);
        for (int i = 0; i <= number % deck.Length; i++)
        {
            int other = i + draws.Below(deck.Length - i, i);
            (deck[i], deck[other]) = (deck[other], deck[i]);
        }

        return deck[number % deck.Length];
    }

    /// <summary>
    /// Most faults are so short that only the deadlines of a step notice them. One in eight is longer than the timeouts of the
    /// failure detectors: 5 s of the cluster for a paused node, 10 s of the data link for a partition.
    /// </summary>
    private static TimeSpan LengthOf(ChaosFault kind, bool isLong, double share)
    {
        (double shortest, double longest) = (kind, isLong) switch
        {
            (ChaosFault.Kill or ChaosFault.Corrupt or ChaosFault.Coordinator, _) => (0, 0),
            (ChaosFault.Pause, true) => (6, 8),
            (ChaosFault.Partition, true) => (11, 13),
            (ChaosFault.Disk, _) => (1, 3),
            _ => (0.5, 2.5),
        };
        return TimeSpan.FromSeconds(shortest + (share * (longest - shortest)));
    }
}
