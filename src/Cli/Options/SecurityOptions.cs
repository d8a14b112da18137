using System.CommandLine;
using NnCluster.AkkaSupport;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Link;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Security;
using NnCluster.Worker;

namespace NnCluster.Cli.Options;

/// <summary>The options that protect the cluster, the same for both programs.</summary>
internal sealed class SecurityOptions
{
    public Option<string?> Certificate { get; } = CliOption.Text(
        "--tls-cert", "FILE.pem", "This node's certificate; with it, everything is encrypted and both sides are checked.");
    public Option<string?> Key { get; } = CliOption.Text("--tls-key", "FILE.pem", "Its private key.");
    public Option<string?> Authority { get; } = CliOption.Text(
        "--tls-ca", "FILE.pem", "The authority that signed the certificates of all nodes.");
    public Option<string?> CookieFile { get; } = CliOption.Text("--cookie-file", "FILE", "A secret that all nodes share.");
    public Option<bool> Insecure { get; } = CliOption.Flag(
        "--insecure", "Neither certificates nor a cookie, even where other machines can connect.");

    /// <summary>All of them, in the order of the help.</summary>
    public IEnumerable<Option> All => [Certificate, Key, Authority, CookieFile, Insecure];

    /// <summary>Loads certificates and cookie.</summary>
    /// <param name="given">The command line.</param>
    /// <param name="host">Host that the node listens on or connects to.</param>
    /// <exception cref="BadInputException">A file cannot be used, or the host can be reached by other machines and
    /// nothing protects the cluster.</exception>
    public LinkSecurity Load(ParseResult given, string host)
    {
        var security = LinkSecurity.Load(
            given.GetValue(Certificate), given.GetValue(Key), given.GetValue(Authority), given.GetValue(CookieFile));
        security.RequireFor(host, given.GetValue(Insecure));
        return security;
    }
}
