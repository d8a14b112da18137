using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Nodes;
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

namespace NnCluster.Cli.Options;

/// <summary>
/// Options of one command from several layers, the command line highest. Options of lower layers become arguments in front
/// of the given ones, so that all of them pass the same parser and the same checks.
/// </summary>
internal sealed class LayeredOptions(ParseResult given)
{
    private const string ConfigName = "--config";

    private readonly OrderedDictionary<Option, string> _added = [];

    private IEnumerable<Option> Known =>
        given.CommandResult.Command.Options.Where(option => option.Name != ConfigName && option is not (HelpOption or VersionOption));

    /// <summary>The option <c>--config</c>.</summary>
    public static Option<string?> CreateConfigOption() =>
        CliOption.Text(ConfigName, "FILE.json", "Options from a file, by their names in camelCase; the command line wins.");

    /// <summary>Adds <c>--config</c> to every command that has an action.</summary>
    public static void AddConfigOptions(Command command)
    {
        foreach (Command below in command.Subcommands)
        {
            AddConfigOptions(below);
        }

        if (command.Action is not null && command.Options.All(option => option.Name != ConfigName))
        {
            command.Add(CreateConfigOption());
        }
    }

    /// <summary>The arguments, and the options of the <c>--config</c> file that they do not give.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or names an option that does not exist.</exception>
    public static string[] WithConfig(RootCommand root, string[] arguments)
    {
        var layers = new LayeredOptions(root.Parse(arguments));
        layers.AddConfig();
        return layers.InFrontOf(arguments);
    }

    /// <summary>Name of an option in JSON: <c>--batch-size</c> is <c>batchSize</c>.</summary>
    public static string JsonName(Option option)
    {
        string[] words = option.Name.TrimStart('-').Split('-');
        return words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }

    /// <summary>Whether a layer that was added so far gives the option.</summary>
    public bool Has(Option option) => given.GetResult(option) is { Implicit: false } || _added.ContainsKey(option);

    /// <summary>Value of an option in the highest layer that gives it; null if none does.</summary>
    public string? ValueOf(Option option) =>
        given.GetResult(option) is { Implicit: false } result
            ? (result.Tokens is [{ } token, ..] ? token.Value : null)
            : _added.GetValueOrDefault(option);

    /// <summary>Adds the file of <c>--config</c>, if one is given.</summary>
    /// <exception cref="BadInputException">The file cannot be read, or names an option that does not exist.</exception>
    public void AddConfig()
    {
        Option? config = given.CommandResult.Command.Options.FirstOrDefault(option => option.Name == ConfigName);
        if (config is not null && ValueOf(config) is { } path)
        {
            AddFile(path, $"{ConfigName} {path}");
        }
    }

    /// <summary>Adds a file as the lowest layer so far.</summary>
    /// <param name="path">The file.</param>
    /// <param name="source">Name of the file in errors.</param>
    /// <exception cref="BadInputException">The file cannot be read, or names an option that does not exist.</exception>
    public void AddFile(string path, string source)
    {
        JsonObject file = Read(path, source);
        HashSet<string> names = [.. Known.Select(JsonName)];
        if (file.FirstOrDefault(entry => !names.Contains(entry.Key)).Key is { } unknown)
        {
            throw new BadInputException(
                $"{source}: there is no option '{unknown}'; expected names such as {string.Join(", ", names.Take(6))}.");
        }

        Add(file, source, _ => false);
    }

    /// <summary>Adds values by their JSON names as the lowest layer so far.</summary>
    /// <param name="values">Values by JSON name.</param>
    /// <param name="source">Name of the layer in errors.</param>
    /// <param name="shardsOut">True for options that this layer does not give.</param>
    /// <exception cref="BadInputException">A value has a type that no option has.</exception>
    public void Add(JsonObject values, string source, Func<Option, bool> shardsOut)
    {
        foreach ((string key, JsonNode? value) in values)
        {
            Option option = Known.First(candidate => JsonName(candidate) == key);
            if (value is not null && !Has(option) && !shardsOut(option))
            {
                _added.Add(option, Text(key, value, source));
            }
        }
    }

    /// <summary>The arguments, with those of all layers between the command's names and its own arguments.</summary>
    public string[] InFrontOf(string[] arguments)
    {
        int at = BehindNames(given.CommandResult, arguments);
        return [.. arguments[..at], .. _added.SelectMany(entry => new[] { entry.Key.Name, entry.Value }), .. arguments[at..]];
    }

    /// <summary>Reads a file with one JSON object.</summary>
    /// <exception cref="BadInputException">It cannot be read, or is not one JSON object.</exception>
    public static JsonObject Read(string path, string source)
    {
        try
        {
            var options = new JsonDocumentOptions
            {
                CommentHandling = JsonCommentHandling.Skip,
                AllowTrailingCommas = true,
                AllowDuplicateProperties = false,
            };
            return JsonNode.Parse(File.ReadAllText(path), documentOptions: options) as JsonObject
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

    private static int BehindNames(CommandResult command, string[] arguments) =>
        command.Parent is CommandResult above
            ? Array.IndexOf(arguments, command.IdentifierToken.Value, BehindNames(above, arguments)) + 1
            : 0;

    // An object is a network, which --model takes in place of a file; every other option refuses it.
    private static string Text(string key, JsonNode value, string source) => value switch
    {
        JsonArray list when list.All(item => item is JsonValue) => string.Join(',', list.Select(item => item!.ToString())),
        JsonValue => value.ToString(),
        JsonObject => value.ToJsonString(),
        _ => throw new BadInputException($"{source}: '{key}' must be a number, a text, true, false or a list of them."),
    };
}
