using System.Globalization;
using System.Text;

namespace NnCluster.Shared.Tests.Data;

/// <summary>Tables with columns of every kind, from a seed.</summary>
internal static class RandomTable
{
    private static readonly string[] Kinds = ["fraction", "integer", "text", "time", "small", "digits"];
    private static readonly string[] Missing = ["", "NA", "nan", "?"];

    /// <summary>A table with the columns <c>id</c>, <c>c0</c>, <c>c1</c>, …, <c>group</c> and <c>y</c>.</summary>
    public static string Write(int seed)
    {
        var random = new Random(seed);
        int rows = seed % 5 == 0 ? 4096 + random.Next(3000) : 20 + random.Next(200);
        string[] kinds = [.. Enumerable.Range(0, 2 + random.Next(5)).Select(_ => Kinds[random.Next(Kinds.Length)])];
        double missing = random.Next(2) * 0.05;
        int target = random.Next(4);
        var text = new StringBuilder($"id,{string.Join(',', kinds.Select((_, i) => $"c{i}"))},group,y\n");
        for (int row = 0; row < rows; row++)
        {
            IEnumerable<string> cells = kinds.Select(
                kind => random.NextDouble() < missing ? Missing[random.Next(Missing.Length)] : Cell(random, kind));
            text.Append(CultureInfo.InvariantCulture, $"{row},{string.Join(',', cells)},g{random.Next(15)},");
            text.AppendLine(target switch
            {
                0 => $"k{random.Next(4)}",
                1 => $"{random.Next(5)}",
                2 => Number((random.NextDouble() * 9) - 3),
                _ => $"{random.Next(-40, 900)}",
            });
        }

        return text.ToString();
    }

    private static string Cell(Random random, string kind) => kind switch
    {
        "fraction" => Number((random.NextDouble() * 20) - 10),
        "integer" => $"{random.Next(-50, 50)}",
        "text" => $"t{random.Next(8)}",
        "time" => Number(1.7e9 + (random.Next(100000) / 100.0)),
        "small" => (random.NextDouble() * 1e-12).ToString("E6", CultureInfo.InvariantCulture),
        _ => $"{(random.Next(3) == 0 ? "-" : "")}{random.NextInt64()}.{random.NextInt64()}",
    };

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
