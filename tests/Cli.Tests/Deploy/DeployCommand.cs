using System.Text.RegularExpressions;
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

/// <summary>A call of one of the programs in a file for deployment.</summary>
/// <param name="Source">The file.</param>
/// <param name="Program">What is called: <c>train</c>, <c>launch</c>, <c>worker</c> …</param>
/// <param name="Place">The options; those in front of <c>--</c> where <c>start-or-resume</c> is called.</param>
/// <param name="Run">The options behind <c>--</c>.</param>
internal sealed partial record DeployCommand(string Source, string Program, string[] Place, string[] Run)
{
    public const string Worker = "worker";
    public const string Script = "start-or-resume";

    public static IReadOnlyList<DeployCommand> Compose { get; } =
        [.. DeployFiles.Yaml("compose.yaml").Single().Entries("services").Values.Select(service => From("compose.yaml", [.. service.Words("command").Select(WithDefaults)]))];

    public static IReadOnlyList<DeployCommand> Kubernetes { get; } = [.. Pods("kubernetes")];

    public static IReadOnlyList<DeployCommand> KubernetesTls { get; } = [.. Pods("kubernetes-tls")];

    public static IReadOnlyList<DeployCommand> Systemd { get; } = [.. Units(tls: false)];

    public static IReadOnlyList<DeployCommand> SystemdTls { get; } = [.. Units(tls: true)];

    /// <summary>Commands in the instructions.</summary>
    public static IReadOnlyList<DeployCommand> Documented { get; } =
    [
        .. new[] { "README.md", "hosts.example" }.SelectMany(name => DeployFiles.Lines(name)
            .Select(line => line.TrimStart('#', ' '))
            .Where(line => Regex.IsMatch(line, "^nncluster "))
            .Select(line => From(name, Words(line)))),
    ];

    public static IEnumerable<DeployCommand> All => [.. Compose, .. Kubernetes, .. KubernetesTls, .. Systemd, .. SystemdTls, .. Documented];

    public IEnumerable<string> Options => Place.Concat(Run).Where(word => word.StartsWith("--", StringComparison.Ordinal));

    /// <summary>The value of an option in front of <c>--</c>.</summary>
    public string Value(string option) =>
        Array.IndexOf(Place, option) is >= 0 and int at ? Place[at + 1] : throw new InvalidOperationException($"{Source}: {Program} is called without {option}");

    public override string ToString() => $"{Source}: {Program} {string.Join(' ', Place)} -- {string.Join(' ', Run)}";

    private static DeployCommand From(string source, string[] words)
    {
        switch (Path.GetFileName(words[0]))
        {
            case "nncluster":
                return new(source, words[1], words[2..], []);
            case Script:
                int at = Array.IndexOf(words, "--");
                return new(source, "train", words[2..at], words[(at + 1)..]);
            default:
                throw new InvalidOperationException($"{source}: {words[0]} is none of the programs");
        }
    }

    // The commands stand in the plain variant, the arguments in both.
    private static IEnumerable<DeployCommand> Pods(string folder) =>
        from name in new[] { "coordinator.yaml", "worker.yaml" }
        let plain = Container("kubernetes/" + name)
        let container = Container($"{folder}/{name}")
        select From($"{folder}/{name}", [.. plain.Words("command"), .. container.Words("args")]);

    private static YamlNode Container(string name) => DeployFiles.Yaml(name).Single().Items("spec", "template", "spec", "containers").Single();

    private static IEnumerable<DeployCommand> Units(bool tls)
    {
        foreach ((string unit, string environment) in new[] { ("nncluster-coordinator.service", "coordinator.env"), ("nncluster-worker@.service", "worker.env") })
        {
            var service = new UnitFile("systemd/" + unit);
            Dictionary<string, string> variables = new(service.Environment);
            IEnumerable<KeyValuePair<string, string>> others = new UnitFile("systemd/" + environment).Variables;
            foreach ((string name, string value) in tls ? others.Concat(new UnitFile("systemd/tls.conf").Environment) : others)
            {
                variables[name] = value;
            }

            yield return From(service.Name, Words(Variable().Replace(service.Single("ExecStart"), match => variables[match.Groups[1].Value])));
        }
    }

    private static string[] Words(string line) =>
        [.. Word().Matches(line).Select(match => match.Value.Trim('"'))];

    private static string WithDefaults(string text) => Default().Replace(text, match => match.Groups[1].Value);

    [GeneratedRegex("\"[^\"]*\"|[^ ]+")]
    private static partial Regex Word();

    [GeneratedRegex(@"\$\{[A-Z_]+:-([^}]*)\}")]
    private static partial Regex Default();

    [GeneratedRegex(@"\$\{?([A-Z_]+)\}?")]
    private static partial Regex Variable();
}
