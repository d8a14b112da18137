using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Worker;

namespace NnCluster.Cli.Chaos;

/// <summary>One fault of a schedule.</summary>
/// <param name="Number">Which, from 0.</param>
/// <param name="Kind">What happens.</param>
/// <param name="Worker">To which worker, from 0; the next one that is there where it is not. Without meaning for the coordinator and the disk.</param>
/// <param name="Length">How long; zero for what happens in a moment.</param>
/// <param name="Draw">A number for whatever else a fault has to choose.</param>
internal sealed record PlannedFault(int Number, FaultKind Kind, int Worker, TimeSpan Length, uint Draw);

/// <summary>
/// An endless schedule of faults, a pure function of its seed. Every kind occurs once in each round of as many faults as
/// there are kinds, in a shuffled order.
/// </summary>
internal sealed class FaultSchedule(ulong seed, IReadOnlyList<FaultKind> kinds, int workers)
{
    private const int LongOnes = 8;

    /// <summary>The fault of a number, from 0.</summary>
    public PlannedFault this[int number]
    {
        get
        {
            var draws = new CounterRandom(seed, RandomStream.Faults, (uint)number, 1);
            FaultKind kind = KindOf(number);
            bool isLong = draws.Below(LongOnes, 1) == 0;
            return new(number, kind, draws.Below(workers, 0), LengthOf(kind, isLong, draws.UniformDouble(1)), draws.Word(4));
        }
    }

    /// <summary>Whether nothing else may be wrong while a fault of this kind lasts.</summary>
    public static bool IsExclusive(FaultKind kind) => kind is FaultKind.Coordinator or FaultKind.Disk;

    // Fisher-Yates over the kinds of the round, as far as the place that is asked for.
    private FaultKind KindOf(int number)
    {
        FaultKind[] deck = [.. kinds];
        int round = number / deck.Length;
        var draws = new CounterRandom(seed, RandomStream.Faults, (uint)round);
        for (int i = 0; i <= number % deck.Length; i++)
        {
            int other = i + draws.Below(deck.Length - i, i);
            (deck[i], deck[other]) = (deck[other], deck[i]);
        }

        return deck[number % deck.Length];
    }

    /// <summary>
    /// Mostly too short for anyone but the run's own deadlines to notice; one in eight is long enough that the cluster
    /// (5 s) gives a stopped worker up, or the link (10 s) one that is cut off.
    /// </summary>
    private static TimeSpan LengthOf(FaultKind kind, bool isLong, double share)
    {
        (double shortest, double longest) = (kind, isLong) switch
        {
            (FaultKind.Kill or FaultKind.Corrupt or FaultKind.Coordinator, _) => (0, 0),
            (FaultKind.Stop, true) => (6, 8),
            (FaultKind.Partition, true) => (11, 13),
            (FaultKind.Disk, _) => (1, 3),
            _ => (0.5, 2.5),
        };
        return TimeSpan.FromSeconds(shortest + (share * (longest - shortest)));
    }
}
