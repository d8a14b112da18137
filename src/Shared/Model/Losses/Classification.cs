namespace NnCluster.Model;

/// <summary>Class decisions from scores.</summary>
internal static class Classification
{
    /// <summary>The first class with the greatest score; 0 if the first score is NaN.</summary>
    public static int ArgMax(ReadOnlySpan<float> scores)
    {
        int best = 0;
        for (int j = 1; j < scores.Length; j++)
        {
            if (scores[j] > scores[best])
            {
                best = j;
            }
        }

        return best;
    }
}
