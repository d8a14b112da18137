using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NnCluster.Cli.Options;

/// <summary>
/// Options of one command from several layers, the command line first. Options of lower layers become arguments in front of
/// the given ones, so that one parser checks all of them.
/// </summary>
/// <param name="given">The command line.</param>
internal sealed class LayeredOptions(ParseResult given)
{
    /// <summary>Name of the option for a configuration file.</summary>
    public const string ConfigName = "--config";

    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        AllowDuplicateProperties = false,
    };

    private readonly OrderedDictionary<Option, string> _added = [];

    private IEnumerable<Option> Known =>
        given.CommandResult.Command.Options.Where(option => option.Name != ConfigName && option is not (HelpOption or VersionOption));

    /// <summary>Adds the option for a configuration file to every command with an action.</summary>
    public static void AddConfigOptions(Command command)
    {
        foreach (Command below in command.Subcommands)
        {
            AddConfigOptions(below);
        }

        if (command.Action is not null && command.Options.All(option => option.Name != ConfigName))
        {
            command.Add(CliOption.Text(
                ConfigName, "FILE.json", "File with options, by their names in camelCase; the command line wins. [none]"));
        }
    }

    /// <summary>The arguments with the options of the configuration file that are not among them.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or names an unknown option.</exception>
    public static string[] WithConfig(RootCommand root, string[] arguments)
    {
        var layers = new LayeredOptions(root.Parse(arguments));
        layers.AddConfig();
        return layers.InFrontOf(arguments);
    }

    /// <summary>Name of an option in JSON: <c>--batch-size</c> is <c>batchSize</c>.</summary>
    public static string JsonName(Option option) => JsonName(option.Name);

    /// <inheritdoc cref="JsonName(Option)"/>
    public static string JsonName(string option)
    {
        string[] words = option.TrimStart('-').Split('-');
        return words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }

    /// <summary>True if a layer has a value for the option.</summary>
    public bool Has(Option option) => given.GetResult(option) is { Implicit: false } || _added.ContainsKey(option);

    /// <summary>The value of the highest layer that has one; null if none has.</summary>
    public string? ValueOf(Option option) => given.GetResult(option) is { Implicit: false } result
        ? result.Tokens is [{ } token, ..] ? token.Value : null
        : _added.GetValueOrDefault(option);

    /// <summary>Adds the configuration file, if one is given.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or names an unknown option.</exception>
    public void AddConfig()
    {
        Option? config = given.CommandResult.Command.Options.FirstOrDefault(option => option.Name == ConfigName);
        if (config is not null && ValueOf(config) is { } path)
        {
            AddFile(path, $"{ConfigName} {path}");
        }
    }

    /// <summary>Adds a file as the lowest layer.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">Origin of the values, for errors.</param>
    /// <exception cref="BadInputException">The file cannot be read, or names an unknown option.</exception>
    public void AddFile(string path, string source)
    {
        JsonObject file = Read(path, source);
        string[] names = [.. Known.Select(JsonName)];
        if (file.FirstOrDefault(entry => !names.Contains(entry.Key)).Key is { } unknown)
        {
            throw new BadInputException($"{source}: there is no option '{unknown}'; " + (Suggestion.For(unknown, names) is { } nearest
                ? $"did you mean '{nearest}'?"
                : $"expected names such as {string.Join(", ", names.Take(6))}."));
        }

        Add(file, source, _ => false);
    }

    /// <summary>Adds values by their JSON names as the lowest layer.</summary>
    /// <param name="values">The values.</param>
    /// <param name="source">Origin of the values, for errors.</param>
    /// <param name="isExcluded">True for options that are not taken from this layer.</param>
    /// <exception cref="BadInputException">A value has a type that no option has.</exception>
    public void Add(JsonObject values, string source, Func<Option, bool> isExcluded)
    {
        foreach ((string key, JsonNode? value) in values)
        {
            Option option = Known.First(candidate => JsonName(candidate) == key);
            if (value is not null && !Has(option) && !isExcluded(option))
            {
                _added.Add(option, Text(key, value, source));
            }
        }
    }

    /// <summary>The arguments, with the options of the other layers inserted behind the names of the command.</summary>
    public string[] InFrontOf(string[] arguments)
    {
        int at = BehindNames(given.CommandResult, arguments);
        return [.. arguments[..at], .. _added.SelectMany(entry => new[] { entry.Key.Name, entry.Value }), .. arguments[at..]];
    }

    /// <summary>Reads a file that must hold one JSON object.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or holds something else.</exception>
    public static JsonObject Read(string path, string source)
    {
        try
        {
            return JsonNode.Parse(File.ReadAllText(path), documentOptions: Lenient) as JsonObject
                ?? throw new BadInputException($"{source}: expected one JSON object with options by name.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new BadInputException($"{source}: cannot be read: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"{source}: is not JSON: {e.Message}", e);
        }
    }

    /// <summary>Index behind the last name of a command.</summary>
    private static int BehindNames(CommandResult command, string[] arguments) => command.Parent is CommandResult above
        ? Array.IndexOf(arguments, command.IdentifierToken.Value, BehindNames(above, arguments)) + 1
        : 0;

    // An object is the network itself, in place of the file of --model. The parsers of other options reject it.
    private static string Text(string key, JsonNode value, string source) => value switch
    {
        JsonArray list when list.All(item => item is JsonValue) => string.Join(',', list.Select(item => item!.ToString())),
        JsonValue => value.ToString(),
        JsonObject => value.ToJsonString(),
        _ => throw new BadInputException($"{source}: '{key}' must be a number, a text, true, false or a list of them."),
    };
}
