using System.CommandLine;
using NnCluster.Security;

namespace NnCluster.Cli.Options;

/// <summary>Options of the cluster's protection, the same for coordinators and nodes.</summary>
internal sealed class SecurityOptions
{
    private static readonly OptionRow[] Table = [.. Rows("Cluster")];

    public Option<string?> Certificate { get; } = CliOption.Text(Row("--tls-cert"));
    public Option<string?> Key { get; } = CliOption.Text(Row("--tls-key"));
    public Option<string?> Authority { get; } = CliOption.Text(Row("--tls-ca"));
    public Option<string?> CookieFile { get; } = CliOption.Text(Row("--cookie-file"));
    public Option<bool> Insecure { get; } = CliOption.Flag(Row("--insecure"));

    /// <summary>All options, in the order of the help.</summary>
    public IEnumerable<Option> All => [Certificate, Key, Authority, CookieFile, Insecure];

    /// <summary>Rows of the options, for a table with more.</summary>
    /// <param name="group">Heading in the help.</param>
    public static IEnumerable<OptionRow> Rows(string group) =>
    [
        new(group, "--tls-cert", "FILE.pem", "none",
            "Certificate of this node. All traffic is then encrypted, and both sides are checked."),
        new(group, "--tls-key", "FILE.pem", "none", "Private key of the certificate."),
        new(group, "--tls-ca", "FILE.pem", "none", "Authority that signed the certificates of all nodes."),
        new(group, "--cookie-file", "FILE", "none", "File with a secret that all nodes share."),
        new(group, "--insecure", null, "off", "Allow connections from other machines without certificates and without a cookie."),
    ];

    /// <summary>Loads the files that the options name.</summary>
    /// <param name="given">The command line.</param>
    /// <param name="host">Host that the node listens on or connects to.</param>
    /// <exception cref="BadInputException">A file cannot be used, or a cluster that needs protection has none.</exception>
    public LinkSecurity Load(ParseResult given, string host)
    {
        var security = LinkSecurity.Load(
            given.GetValue(Certificate), given.GetValue(Key), given.GetValue(Authority), given.GetValue(CookieFile));
        security.RequireFor(host, given.GetValue(Insecure));
        return security;
    }

    private static OptionRow Row(string name) => Table.Single(row => row.Name == name);
}
