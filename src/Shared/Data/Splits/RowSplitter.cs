using System.Collections;
using System.Runtime.InteropServices;
using NnCluster.Numerics;

namespace NnCluster.Data;

/// <summary>
/// Draws rows for a part of a data set. A pure function of the seed, the number of rows, their classes and their groups: no worker and
/// no machine changes it.
/// </summary>
/// <param name="seed">Decides which rows.</param>
internal sealed class RowSplitter(ulong seed)
{
    private uint _draws;

    /// <summary>Draws some of the given rows.</summary>
    /// <param name="rows">Rows to draw from, ascending.</param>
    /// <param name="count">Number of rows to draw.</param>
    /// <param name="stratumOf">
    /// Class of a row: each class gets its share of the drawn rows, to within one row. Null: the rows are one class.
    /// </param>
    /// <returns>The rows drawn and those that are left, both ascending.</returns>
    public (int[] Drawn, int[] Left) Draw(ReadOnlySpan<int> rows, int count, Func<int, int>? stratumOf)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, rows.Length);
        uint draw = _draws++;
        // Positions in rows, by stratum.
        SortedDictionary<int, int[]> strata = [];
        if (stratumOf is null)
        {
            strata.Add(0, [.. Enumerable.Range(0, rows.Length)]);
        }
        else
        {
            Dictionary<int, int> sizes = [];
            foreach (int row in rows)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(sizes, stratumOf(row), out _)++;
            }

            foreach ((int stratum, int size) in sizes)
            {
                strata.Add(stratum, new int[size]);
            }

            for (int i = rows.Length - 1; i >= 0; i--)
            {
                int stratum = stratumOf(rows[i]);
                strata[stratum][--CollectionsMarshal.GetValueRefOrNullRef(sizes, stratum)] = i;
            }
        }

        int[] shares = Shares([.. strata.Values.Select(members => members.Length)], count);
        var isDrawn = new BitArray(rows.Length);
        foreach (((int stratum, int[] members), int share) in strata.Zip(shares))
        {
            int[] order = Shuffle.Of(new(seed, RandomStream.Splits, A: draw, B: (ulong)stratum), members.Length);
            foreach (int i in order.AsSpan(0, share))
            {
                isDrawn[members[i]] = true;
            }
        }

        return Divide(rows, count, isDrawn);
    }

    /// <summary>Draws whole groups until they have about <paramref name="count"/> rows; one group at least, and never all of them.</summary>
    /// <param name="rows">Rows to draw from, ascending.</param>
    /// <param name="count">Number of rows to draw, about.</param>
    /// <param name="groupOf">Group of a row, from 0.</param>
    /// <returns>The rows drawn and those that are left, both ascending; no group is in both.</returns>
    public (int[] Drawn, int[] Left) DrawGroups(ReadOnlySpan<int> rows, int count, Func<int, int> groupOf)
    {
        uint draw = _draws++;
        Dictionary<int, int> sizes = [];
        foreach (int row in rows)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(sizes, groupOf(row), out _)++;
        }

        int[] groups = [.. sizes.Keys.Order()];
        HashSet<int> chosen = [];
        int taken = 0;
        foreach (int i in Shuffle.Of(new(seed, RandomStream.Splits, A: draw), groups.Length))
        {
            // A group is drawn while that brings the number of rows nearer to the one that was asked for.
            int size = sizes[groups[i]];
            bool isNearer = Math.Abs(taken + size - count) < Math.Abs(taken - count);
            if ((chosen.Count == 0 || isNearer) && chosen.Count + 1 < groups.Length)
            {
                chosen.Add(groups[i]);
                taken += size;
            }
        }

        var isDrawn = new BitArray(rows.Length);
        for (int i = 0; i < rows.Length; i++)
        {
            isDrawn[i] = chosen.Contains(groupOf(rows[i]));
        }

        return Divide(rows, taken, isDrawn);
    }

    private static (int[] Drawn, int[] Left) Divide(ReadOnlySpan<int> rows, int count, BitArray isDrawn)
    {
        int[] drawn = new int[count];
        int[] left = new int[rows.Length - count];
        (int toDrawn, int toLeft) = (0, 0);
        for (int i = 0; i < rows.Length; i++)
        {
            if (isDrawn[i])
            {
                drawn[toDrawn++] = rows[i];
            }
            else
            {
                left[toLeft++] = rows[i];
            }
        }

        return (drawn, left);
    }

    /// <summary>Divides a number among classes in proportion to their sizes, by largest remainders.</summary>
    private static int[] Shares(int[] sizes, int count)
    {
        long total = sizes.Sum(size => (long)size);
        int[] shares = [.. sizes.Select(size => (int)((long)size * count / Math.Max(total, 1)))];
        IEnumerable<int> byRemainder = Enumerable.Range(0, sizes.Length)
            .OrderByDescending(i => (long)sizes[i] * count % Math.Max(total, 1))
            .Take(count - shares.Sum());
        foreach (int i in byRemainder)
        {
            shares[i]++;
        }

        return shares;
    }
}
