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

namespace NnCluster.Cli.Tests.Deploy;

/// <summary>The options that a program knows, as its help says.</summary>
internal static partial class ProgramOptions
{
    // What a program that is not there yet will know. Not looked at as soon as its help knows the first of them.
    private static readonly Dictionary<string, string[]> Agreed = new()
    {
        ["train"] = ["--listen", "--link-port", "--min-workers", "--start-timeout", "--tls-cert", "--tls-key", "--tls-ca", "--cookie-file"],
        ["launch"] = ["--hosts", "--workers", "--dataset", "--epochs", "--json"],
        [DeployCommand.Worker] = ["--join", "--workers", "--name", "--cache", "--give-up-after", "--tls-cert", "--tls-key", "--tls-ca", "--cookie-file"],
    };

    private static readonly Dictionary<string, IReadOnlySet<string>> Known = [];

    public static IReadOnlySet<string> Of(string program)
    {
        lock (Known)
        {
            return Known.TryGetValue(program, out IReadOnlySet<string>? options) ? options : Known[program] = Read(program);
        }
    }

    private static HashSet<string> Read(string program)
    {
        ProcessResult help = Tool.Run("dotnet", [NnClusterProcess.Program, program, "--help"]);
        HashSet<string> options = [.. OptionName().Matches(help.Output).Select(match => match.Value)];
        if (Agreed.TryGetValue(program, out string[]? agreed) && !options.Contains(agreed[0]))
        {
            options.UnionWith(agreed);
        }

        return options;
    }

    [GeneratedRegex("(?<![a-z-])--[a-z][a-z0-9-]*")]
    private static partial Regex OptionName();
}
