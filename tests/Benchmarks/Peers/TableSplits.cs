using System.Globalization;
using NnCluster.Data;

namespace NnCluster.Benchmarks.Peers;

/// <summary>Prints the rows of a table that a split seed makes test rows, so that a peer can be measured on the same ones.</summary>
internal static class TableSplits
{
    /// <summary>Prints the numbers of the test rows, from 0, one line a seed.</summary>
    /// <param name="arguments">The table, its target, and the seeds.</param>
    public static int Run(string[] arguments)
    {
        if (arguments is not [{ } path, { } target, _, ..])
        {
            Console.Error.WriteLine("expected: splits FILE TARGET SEED…");
            return 2;
        }

        foreach (string seed in arguments[2..])
        {
            var options = new TableOptions { Target = target, Splits = new() { Seed = ulong.Parse(seed, CultureInfo.InvariantCulture) } };
            using TableSource source = TableFile.Open(path);
            using Table table = TableReader.Read(source, options, columns => new CellsInMemory(columns));
            Console.WriteLine(string.Join(' ', new TablePlan(table, options).Test));
        }

        return 0;
    }
}
