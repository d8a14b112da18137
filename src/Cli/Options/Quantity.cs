using System.CommandLine;
using System.Globalization;

namespace NnCluster.Cli.Options;

/// <summary>Numbers with a unit: 10Gbps, 100us, 1h.</summary>
internal static class Quantity
{
    private static readonly Dictionary<string, double> Seconds = new()
    {
        ["ns"] = 1e-9,
        ["us"] = 1e-6,
        ["µs"] = 1e-6,
        ["ms"] = 1e-3,
        ["s"] = 1,
        ["m"] = 60,
        ["min"] = 60,
        ["h"] = 3600,
        ["d"] = 86400,
    };

    private static readonly Dictionary<string, double> BytesPerSecond = new()
    {
        ["kbps"] = 1e3 / 8,
        ["Mbps"] = 1e6 / 8,
        ["Gbps"] = 1e9 / 8,
        ["Tbps"] = 1e12 / 8,
        ["MB/s"] = 1e6,
        ["GB/s"] = 1e9,
    };

    /// <summary>A time.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) => CliOption.Parsed<TimeSpan?>(
        name,
        "TIME",
        description,
        text => ParseTime(text),
        "a number and a unit of time (ns, us, ms, s, m, h, d), such as 100us");

    /// <summary>A time above 0.</summary>
    public static Option<TimeSpan?> PositiveDuration(string name, string description) => CliOption.Parsed<TimeSpan?>(
        name,
        "TIME",
        description,
        text => Parse(text, Seconds) > 0 ? ParseTime(text) : null,
        "a positive number and a unit of time (ns, us, ms, s, m, h, d), such as 1h");

    /// <summary>A rate in bytes a second.</summary>
    public static Option<double?> Rate(string name, string description) => CliOption.Parsed<double?>(
        name,
        "RATE",
        description,
        text => Parse(text, BytesPerSecond) is > 0 and var rate ? rate : null,
        "a positive number and a unit (kbps, Mbps, Gbps, Tbps in bits, MB/s, GB/s in bytes a second), such as 10Gbps");

    private static TimeSpan? ParseTime(string text) =>
        Parse(text, Seconds) is { } seconds && seconds < TimeSpan.MaxValue.TotalSeconds ? TimeSpan.FromSeconds(seconds) : null;

    private static double? Parse(string text, Dictionary<string, double> units)
    {
        int digits = text.Length;
        while (digits > 0 && !char.IsAsciiDigit(text[digits - 1]))
        {
            digits--;
        }

        return units.TryGetValue(text[digits..], out double unit)
            && double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number)
                ? number * unit
                : null;
    }
}
