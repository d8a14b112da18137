using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NnCluster.Coordinator.Cli;

/// <summary>
/// Options from three places: the command line, then the file of <c>--config</c>, then the preset. The lower ones
/// become arguments in front of the given ones, so that everything passes the same parser and the same checks.
/// </summary>
internal static class OptionLayers
{
    /// <summary>The arguments with those of the file and the preset added where the command line is silent.</summary>
    /// <param name="command">The command the arguments are for.</param>
    /// <param name="arguments">What was given, the command's own name left out.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="BadInputException">The file cannot be read, or names an option that does not exist.</exception>
    public static string[] Resolve(Command command, string[] arguments, TrainOptions options)
    {
        ParseResult given = command.Parse(arguments);
        if (given.Errors.Count > 0)
        {
            return arguments;
        }

        HashSet<Option> taken = [.. options.All.Where(option => given.GetResult(option) is { Implicit: false })];
        List<string> added = [];
        if (given.GetValue(options.Config) is { } path)
        {
            Add(ReadFile(path, options), path, options, taken, added);
        }

        string? preset = given.GetValue(options.Preset) ?? PresetOf(added);
        HashSet<Option> silent = [.. taken];
        if (taken.Contains(options.Model))
        {
            silent.UnionWith(options.OfModel);
        }

        if (taken.Contains(options.Optimizer))
        {
            silent.UnionWith(options.OfOptimizer);
        }

        Add(Presets.Get(preset ?? Presets.Default), "preset", options, silent, added);
        return [.. added, .. arguments];
    }

    /// <summary>A JSON name for an option: <c>--batch-size</c> is <c>batchSize</c>.</summary>
    public static string JsonName(Option option)
    {
        string[] words = option.Name.TrimStart('-').Split('-');
        return words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
    }

    private static string? PresetOf(List<string> arguments)
    {
        int at = arguments.IndexOf("--preset");
        return at < 0 ? null : arguments[at + 1];
    }

    private static JsonObject ReadFile(string path, TrainOptions options)
    {
        try
        {
            JsonNode? node = JsonNode.Parse(File.ReadAllText(path), documentOptions: new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            JsonObject file = node as JsonObject ?? throw new BadInputException($"--config {path}: expected one JSON object with options by name.");
            HashSet<string> known = [.. options.All.Select(JsonName)];
            return file.FirstOrDefault(entry => !known.Contains(entry.Key)).Key is { } unknown
                ? throw new BadInputException($"--config {path}: there is no option '{unknown}'; expected names such as {string.Join(", ", known.Take(6))}, as in a run's config.json.")
                : file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--config {path}: cannot be read: {e.Message}", e);
        }
        catch (JsonException e)
        {
            throw new BadInputException($"--config {path}: is not JSON: {e.Message}", e);
        }
    }

    private static void Add(JsonObject values, string source, TrainOptions options, HashSet<Option> taken, List<string> added)
    {
        foreach ((string key, JsonNode? value) in values)
        {
            Option option = options.All.First(candidate => JsonName(candidate) == key);
            if (value is null || !taken.Add(option))
            {
                continue;
            }

            added.Add(option.Name);
            added.Add(value switch
            {
                JsonArray list => string.Join(',', list.Select(item => item?.ToString())),
                JsonValue => value.ToString(),
                _ => throw new BadInputException($"--config {source}: '{key}' must be a number, a text, true, false or a list."),
            });
        }
    }
}
