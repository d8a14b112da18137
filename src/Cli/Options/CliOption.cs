using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Worker;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Options;

/// <summary>Options whose errors are one line each: the value given, and the values expected.</summary>
internal static class CliOption
{
    /// <summary>A flag; <c>--name false</c> overrides one of a configuration file.</summary>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>Any text.</summary>
    public static Option<string?> Text(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value };

    /// <summary>A whole number in a range.</summary>
    public static Option<int?> Whole(string name, string description, int least, int most = int.MaxValue) =>
        Parsed<int?>(name, "N", description, text =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
                && value >= least && value <= most
                ? value
                : null,
            most == int.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}");

    /// <summary>A time span such as 90s, 10m or 2h.</summary>
    public static Option<TimeSpan?> Duration(string name, string description) =>
        Parsed<TimeSpan?>(name, "TIME", description, ParseDuration, "a time such as 30s, 10m or 2h");

    /// <summary>Hidden, for the program that starts this one: end when standard input ends.</summary>
    public static Option<bool> EndWithInput() => new("--end-with-input") { Hidden = true };

    /// <summary>The option of every command that has a status channel.</summary>
    public static Option<int?> StatusFd() => Whole(
        StatusWriter.OptionName,
        "For the program that starts this one: write status records, one JSON object a line, to this open descriptor. [none]",
        StatusWriter.StandardOutput);

    /// <summary>The port of the health endpoint.</summary>
    public static Option<int?> HealthPort() =>
        Whole("--health-port", "Answer GET /healthz and /readyz over HTTP on this port. [none]", 1, 65535);

    /// <summary>A seed.</summary>
    public static Option<ulong?> Seed(string name, string description) =>
        Parsed<ulong?>(name, "S", description, text =>
            ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null,
            "a whole number from 0 to 18446744073709551615");

    /// <summary>A number in a range.</summary>
    public static Option<double?> Number(string name, string value, string description, Func<double, bool> allowed, string expected) =>
        Parsed<double?>(name, value, description, text =>
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
                && double.IsFinite(number) && allowed(number)
                ? number
                : null,
            expected);

    /// <summary>One of the names of an enumeration, in kebab-case.</summary>
    public static Option<TEnum?> Choice<TEnum>(string name, string description)
        where TEnum : struct, Enum
    {
        Dictionary<string, TEnum> names = Enum.GetValues<TEnum>().ToDictionary(NameOf);
        string all = string.Join(", ", names.Keys);
        return Parsed<TEnum?>(name, string.Join('|', names.Keys), description,
            text => names.TryGetValue(text, out TEnum value) ? value : null,
            $"one of {all}");
    }

    /// <summary>Name of a value on the command line, the same as in JSON.</summary>
    public static string NameOf<TEnum>(TEnum value)
        where TEnum : struct, Enum =>
        typeof(TEnum).GetField(value.ToString())!.GetCustomAttributes(false)
            .OfType<System.Text.Json.Serialization.JsonStringEnumMemberNameAttribute>().FirstOrDefault()?.Name
        ?? JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>A value with a parser of its own.</summary>
    /// <param name="name">Name of the option.</param>
    /// <param name="value">Placeholder in the help.</param>
    /// <param name="description">Description in the help.</param>
    /// <param name="parse">Returns null for text that is no value.</param>
    /// <param name="expected">Completes "expected …" in the error.</param>
    public static Option<T> Parsed<T>(string name, string value, string description, Func<string, T?> parse, string expected) =>
        new(name)
        {
            Description = description,
            HelpName = value,
            Arity = ArgumentArity.ExactlyOne,
            CustomParser = result => Parse(result, name, parse, expected)!,
        };

    private static T? Parse<T>(ArgumentResult result, string name, Func<string, T?> parse, string expected)
    {
        string text = result.Tokens[0].Value;
        T? value = parse(text);
        if (value is null)
        {
            result.AddError($"{name} {text}: expected {expected}.");
        }

        return value;
    }

    private static TimeSpan? ParseDuration(string text)
    {
        double unit = text.Length == 0 ? 0 : text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 };
        return unit > 0
            && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
            && count * unit is > 0 and < 1e9
            ? TimeSpan.FromSeconds(count * unit)
            : null;
    }
}
