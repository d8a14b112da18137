namespace NnCluster.Model;

/// <summary>Checks of specifications.</summary>
internal static class SpecCheck
{
    /// <summary>Refuses a specification whose <paramref name="condition"/> is false.</summary>
    /// <exception cref="BadInputException">The condition is false.</exception>
    public static void Require(bool condition, string message)
    {
        if (!condition)
        {
            throw new BadInputException(message);
        }
    }

    /// <summary>Requires value ≥ 1.</summary>
    public static void RequireAtLeastOne(string name, int value) => Require(value >= 1, $"{name} must be at least 1, not {value}");

    /// <summary>Requires 0 ≤ value &lt; 1.</summary>
    public static void RequireRate(string name, float value) =>
        Require(value is >= 0f and < 1f, $"{name} must be at least 0 and below 1, not {value}");

    /// <summary>Requires a defined value of an enum.</summary>
    public static void RequireKnown<TEnum>(string name, TEnum value)
        where TEnum : struct, Enum => Require(Enum.IsDefined(value), $"{name} has no value {value}");
}
