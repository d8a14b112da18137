using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.Cli.Options;

/// <summary>
/// Creates options whose errors are one line: the given value, and what is expected. Each kind takes a row of a table of
/// options, or the texts themselves: name, form of the value, and a description that ends with the default in brackets.
/// </summary>
internal static class CliOption
{
    /// <summary>A flag. <c>--name false</c> overrides one that a configuration file sets.</summary>
    public static Option<bool> Flag(OptionRow row) => Flag(row.Name, row.Description);

    /// <inheritdoc cref="Flag(OptionRow)"/>
    public static Option<bool> Flag(string name, string description) => new(name) { Description = description };

    /// <summary>Any text.</summary>
    public static Option<string?> Text(OptionRow row) => Text(row.Name, row.Value!, row.Description);

    /// <inheritdoc cref="Text(OptionRow)"/>
    public static Option<string?> Text(string name, string value, string description) =>
        new(name) { Description = description, HelpName = value };

    /// <summary>A whole number of at least <paramref name="least"/> and at most <paramref name="most"/>.</summary>
    public static Option<int?> Whole(OptionRow row, int least, int most = int.MaxValue) => Whole(row.Name, row.Description, least, most);

    /// <inheritdoc cref="Whole(OptionRow, int, int)"/>
    public static Option<int?> Whole(string name, string description, int least, int most = int.MaxValue) => Parsed<int?>(
        name,
        "N",
        description,
        text => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= least && value <= most
                ? value
                : null,
        most == int.MaxValue ? $"a whole number of at least {least}" : $"a whole number from {least} to {most}");

    /// <summary>A time such as 90s, 10m or 2h.</summary>
    public static Option<TimeSpan?> Duration(OptionRow row) => Duration(row.Name, row.Description);

    /// <inheritdoc cref="Duration(OptionRow)"/>
    public static Option<TimeSpan?> Duration(string name, string description) =>
        Parsed<TimeSpan?>(name, "TIME", description, ParseDuration, "a time such as 30s, 10m or 2h");

    /// <summary>Ends the program when standard input ends. For the program that starts this one; not in the help.</summary>
    public static Option<bool> EndWithInput() => new("--end-with-input") { Hidden = true };

    /// <summary>Descriptor of the status channel, of every command that has one.</summary>
    public static Option<int?> StatusFd() => Whole(
        StatusWriter.OptionName,
        "For the program that starts this one: write status records, one JSON object a line, to this open descriptor. [none]",
        StatusWriter.StandardOutput);

    /// <summary>Port of the health endpoint.</summary>
    public static Option<int?> HealthPort() =>
        Whole("--health-port", "Answer GET /healthz, /readyz and /metrics over HTTP on this port. [none]", 1, 65535);

    /// <summary>A seed of 64 bits.</summary>
    public static Option<ulong?> Seed(OptionRow row) => Seed(row.Name, row.Description);

    /// <inheritdoc cref="Seed(OptionRow)"/>
    public static Option<ulong?> Seed(string name, string description) => Parsed<ulong?>(
        name,
        "S",
        description,
        text => ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : null,
        "a whole number from 0 to 18446744073709551615");

    /// <summary>A finite number in a range.</summary>
    public static Option<double?> Number(OptionRow row, Func<double, bool> allowed, string expected) =>
        Number(row.Name, row.Value!, row.Description, allowed, expected);

    /// <inheritdoc cref="Number(OptionRow, Func{double, bool}, string)"/>
    public static Option<double?> Number(
        string name, string value, string description, Func<double, bool> allowed, string expected) => Parsed<double?>(
        name,
        value,
        description,
        text => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number)
            && double.IsFinite(number) && allowed(number)
                ? number
                : null,
        expected);

    /// <summary>One of the names of an enumeration, as <see cref="NameOf"/> writes them.</summary>
    public static Option<TEnum?> Choice<TEnum>(OptionRow row)
        where TEnum : struct, Enum => Choice<TEnum>(row.Name, row.Description);

    /// <inheritdoc cref="Choice{TEnum}(OptionRow)"/>
    public static Option<TEnum?> Choice<TEnum>(string name, string description)
        where TEnum : struct, Enum
    {
        OrderedDictionary<string, TEnum> names = new(Enum.GetValues<TEnum>().Select(value => KeyValuePair.Create(NameOf(value), value)));
        return Parsed<TEnum?>(
            name,
            string.Join('|', names.Keys),
            description,
            text => names.TryGetValue(text, out TEnum value) ? value : null,
            $"one of {string.Join(", ", names.Keys)}");
    }

    /// <summary>Name of an enumeration's value: the name in its JSON, else its own in kebab-case.</summary>
    public static string NameOf<TEnum>(TEnum value)
        where TEnum : struct, Enum =>
        typeof(TEnum).GetField(value.ToString())!.GetCustomAttributes(false)
            .OfType<JsonStringEnumMemberNameAttribute>().FirstOrDefault()?.Name
        ?? JsonNamingPolicy.KebabCaseLower.ConvertName(value.ToString());

    /// <summary>A value with a parser of its own.</summary>
    /// <param name="row">The option.</param>
    /// <param name="parse">Parses the text; null if it is not valid.</param>
    /// <param name="expected">Valid values, for the error.</param>
    public static Option<T> Parsed<T>(OptionRow row, Func<string, T?> parse, string expected) =>
        Parsed(row.Name, row.Value!, row.Description, parse, expected);

    /// <inheritdoc cref="Parsed{T}(OptionRow, Func{string, T}, string)"/>
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
