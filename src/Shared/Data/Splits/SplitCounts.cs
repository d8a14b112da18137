namespace NnCluster.Data;

/// <summary>Numbers of rows of the parts of a data set.</summary>
internal static class SplitCounts
{
    /// <summary>Number of test rows: the share, rounded, and at least one.</summary>
    /// <param name="splits">The options.</param>
    /// <param name="rows">Rows to draw from.</param>
    /// <param name="name">The data set, for messages.</param>
    /// <exception cref="BadInputException">No training row or no test row would be left.</exception>
    public static int OfTest(SplitOptions splits, int rows, string name)
    {
        if (splits.Test is not (>= 0 and < 1))
        {
            var property = new PropertyName(nameof(SplitOptions), nameof(SplitOptions.Test));
            throw new BadInputException(property, $"{property} {splits.Test}: expected a share of the rows, 0 to below 1.");
        }

        return splits.Test == 0 ? 0 : Rounded(splits.Test, rows, "test", name);
    }

    /// <summary>Number of validation rows: a share of the rows, rounded and at least one, or the number given.</summary>
    /// <param name="splits">The options.</param>
    /// <param name="rows">Rows to draw from, those of the test left out.</param>
    /// <param name="name">The data set, for messages.</param>
    /// <exception cref="BadInputException">No training row would be left, or the number is no number of rows.</exception>
    public static int OfValidation(SplitOptions splits, int rows, string name)
    {
        double asked = splits.Validation;
        if (!(asked >= 0) || (asked >= 1 && asked != Math.Floor(asked)))
        {
            var property = new PropertyName(nameof(SplitOptions), nameof(SplitOptions.Validation));
            throw new BadInputException(property, $"{property} {asked}: expected a share of the training rows below 1, or a whole number of rows.");
        }

        return asked is > 0 and < 1 ? Rounded(asked, rows, "validation", name)
            : asked < rows ? (int)asked
            : throw new BadInputException(
                $"{asked} validation rows cannot be held out of the {rows} training rows of {name}: from 0 to {rows - 1} can.");
    }

    private static int Rounded(double share, int rows, string part, string name)
    {
        int count = Math.Max(1, (int)Math.Round(rows * share, MidpointRounding.AwayFromZero));
        return count < rows ? count : throw new BadInputException(
            $"{name} has {rows} rows: a share of {share} for {part} rows leaves none to train on.");
    }
}
