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

namespace NnCluster.Cli.Tests.Deploy;

/// <summary>An INI file of systemd: sections are left out, a key may come more than once, and a line with a backslash goes on.</summary>
internal sealed class UnitFile(string name)
{
    private readonly List<(string Key, string Value)> _entries =
    [
        .. DeployFiles.Read(name).Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
            .Where(line => line.Length > 0 && line[0] is not ('#' or ';' or '['))
            .Select(line => line.IndexOf('=', StringComparison.Ordinal) is > 0 and int at
                ? (line[..at], line[(at + 1)..])
                : throw new InvalidOperationException($"{name}: '{line}' is not KEY=VALUE")),
    ];

    public string Name => name;

    public IEnumerable<string> All(string key) => _entries.Where(entry => entry.Key == key).Select(entry => entry.Value);

    public string Single(string key) => All(key).Single();

    /// <summary>The variables of an environment file.</summary>
    public IReadOnlyDictionary<string, string> Variables => _entries.ToDictionary(entry => entry.Key, entry => entry.Value);

    /// <summary>The variables that a unit sets itself.</summary>
    public IReadOnlyDictionary<string, string> Environment =>
        All("Environment").Select(value => value.Trim('"').Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
}
