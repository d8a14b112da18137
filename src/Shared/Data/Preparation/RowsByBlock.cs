namespace NnCluster.Data;

/// <summary>Some rows of a table, block by block.</summary>
internal static class RowsByBlock
{
    /// <summary>The rows of each block, as a range of <paramref name="rows"/>.</summary>
    /// <param name="cells">The blocks.</param>
    /// <param name="rows">Rows of the table, ascending.</param>
    /// <returns>
    /// Index of a block, and the range of <paramref name="rows"/> in it; every block once, also those without such a row.
    /// </returns>
    public static IEnumerable<(int Block, Range Rows)> Of(CellBlocks cells, int[] rows)
    {
        int start = 0;
        for (int block = 0; block < cells.Count; block++)
        {
            long past = (long)(block + 1) * cells.BlockRows;
            int end = start;
            while (end < rows.Length && rows[end] < past)
            {
                end++;
            }

            yield return (block, start..end);
            start = end;
        }
    }
}
