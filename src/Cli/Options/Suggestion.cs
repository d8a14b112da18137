namespace NnCluster.Cli.Options;

/// <summary>Finds the valid name that is nearest to a mistyped one.</summary>
internal static class Suggestion
{
    // A name of n characters may differ by n / 3 edits, and by at least one.
    private const int CharactersPerEdit = 3;

    // Shortest prefix that is near a longer name, in characters.
    private const int MinPrefix = 3;

    /// <summary>The nearest of the names; null if none is near.</summary>
    /// <param name="typed">The mistyped name.</param>
    /// <param name="names">Valid names; of names that are equally near, the first is taken.</param>
    /// <remarks>
    /// The distance is the number of insertions, deletions, substitutions and swaps of neighbours, regardless of case, hyphens
    /// and underscores. A prefix of a longer name is near it too.
    /// </remarks>
    public static string? For(string typed, IEnumerable<string> names)
    {
        string plain = Plain(typed);
        if (plain.Length == 0)
        {
            return null;
        }

        (string name, int distance) = names
            .Select(name => (name, Distance(plain, Plain(name))))
            .DefaultIfEmpty(("", int.MaxValue))
            .MinBy(candidate => candidate.Item2);
        return distance <= Math.Max(1, plain.Length / CharactersPerEdit) ? name
            : plain.Length >= MinPrefix ? names.FirstOrDefault(candidate => Plain(candidate).StartsWith(plain, StringComparison.Ordinal))
            : null;
    }

    private static string Plain(string name) => string.Concat(name.Where(c => c is not ('-' or '_'))).ToLowerInvariant();

    /// <summary>Optimal string alignment distance (Damerau and Levenshtein).</summary>
    private static int Distance(string a, string b)
    {
        int[,] edits = new int[a.Length + 1, b.Length + 1]; // (characters of a, characters of b)
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                edits[i, j] = i == 0 || j == 0 ? i + j : Math.Min(
                    Math.Min(edits[i - 1, j], edits[i, j - 1]) + 1,
                    edits[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    edits[i, j] = Math.Min(edits[i, j], edits[i - 2, j - 2] + 1);
                }
            }
        }

        return edits[a.Length, b.Length];
    }
}
