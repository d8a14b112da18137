using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;
using YamlDotNet.RepresentationModel;

namespace NnCluster.Cli.Tests.Deploy;

/// <summary>The files below <c>deploy</c>, and ways into them.</summary>
internal static class DeployFiles
{
    public static string Folder { get; } = Path.Combine(Repository.Root, "deploy");

    public static string Read(string name) => File.ReadAllText(Path.Combine(Folder, name));

    public static string[] Lines(string name) => File.ReadAllLines(Path.Combine(Folder, name));

    /// <summary>The names of the files in a folder below <c>deploy</c> that match.</summary>
    public static IEnumerable<string> Names(string folder, string pattern) =>
        Directory.GetFiles(Path.Combine(Folder, folder), pattern).Order(StringComparer.Ordinal).Select(path => Path.GetRelativePath(Folder, path));

    /// <summary>The documents of a YAML file.</summary>
    public static IReadOnlyList<YamlNode> Yaml(string name)
    {
        using var reader = new StringReader(Read(name));
        var stream = new YamlStream();
        // Merge keys of Compose (<<) are resolved by the parser.
        stream.Load(new YamlDotNet.Core.MergingParser(new YamlDotNet.Core.Parser(reader)));
        return [.. stream.Documents.Select(document => document.RootNode)];
    }

    /// <summary>What lies at a path of keys; a null node where there is nothing.</summary>
    public static YamlNode? Find(this YamlNode? node, params string[] path)
    {
        foreach (string key in path)
        {
            node = node is YamlMappingNode map && map.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? value) ? value : null;
        }

        return node;
    }

    /// <summary>What must lie at a path of keys.</summary>
    public static YamlNode At(this YamlNode node, params string[] path) =>
        node.Find(path) ?? throw new InvalidOperationException($"There is no {string.Join('.', path)} in {node}");

    public static string Text(this YamlNode node, params string[] path) => ((YamlScalarNode)node.At(path)).Value!;

    /// <summary>The entries of a list; none where there is no list.</summary>
    public static IReadOnlyList<YamlNode> Items(this YamlNode? node, params string[] path) =>
        node.Find(path) is YamlSequenceNode list ? [.. list.Children] : [];

    public static string[] Words(this YamlNode node, params string[] path) => [.. node.Items(path).Select(item => item.Text())];

    /// <summary>The entries of a mapping by key.</summary>
    public static IReadOnlyDictionary<string, YamlNode> Entries(this YamlNode? node, params string[] path) =>
        node.Find(path) is YamlMappingNode map ? map.Children.ToDictionary(entry => entry.Key.Text(), entry => entry.Value) : [];
}
