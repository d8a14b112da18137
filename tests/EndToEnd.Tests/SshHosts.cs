using System.Diagnostics;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>
/// Three machines: the first one starts things, <c>alpha</c> and <c>beta</c> let it in over SSH. Each has certificates of
/// its own at the same path, and only the first has the data set. No file of the system or of its users is read or
/// changed: servers and client have their own configuration and keys.
/// </summary>
public sealed class SshHosts : IDisposable
{
    public const string Server = "/usr/sbin/sshd";
    private const string SeparationDirectory = "/run/sshd";

    private readonly TemporaryDirectory _directory = new();
    private readonly List<Process> _servers = [];
    private readonly HostNetwork? _network;

    public SshHosts()
    {
        if (new SshFactAttribute().Skip is not null)
        {
            return;
        }

        _network = new(3);
        Own = Path.Combine(_directory.Path, "own");
        var certificates = new Certificates(Own, HostNetwork.AddressOf(1));
        Tls = certificates.Options;
        certificates.Assign(_directory["alpha"], HostNetwork.AddressOf(2));
        certificates.Assign(_directory["beta"], HostNetwork.AddressOf(3));
        Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _directory["host_key"]);
        Run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", _directory["user_key"]);
        Configure();
        Directory.CreateDirectory(SeparationDirectory);
        Serve(2, "alpha");
        Serve(3, "beta");
    }

    /// <summary>A directory that each machine has for itself.</summary>
    public string Own { get; } = "";

    /// <summary>The options that name each machine's own certificate.</summary>
    public string[] Tls { get; } = [];

    /// <summary>Where the first machine can be reached.</summary>
    public static string Listen => $"{HostNetwork.AddressOf(1)}:7000";

    /// <summary>What runs a command on the first machine.</summary>
    public string[] Inside => _network!.Inside(1);

    /// <summary>The command that leads to the others.</summary>
    public string Command => $"ssh -F {_directory["client"]}";

    /// <summary>Processes, on whichever machine, whose command line has the text.</summary>
    public static int[] ProcessesWith(string text) =>
    [
        .. Directory.GetDirectories("/proc").Select(path => int.TryParse(Path.GetFileName(path), out int id) ? id : 0).Where(id => id > 0)
            .Where(id => SmallCluster.Runs(id) && Has(id, text)),
    ];

    public void Dispose()
    {
        foreach (Process server in _servers)
        {
            server.Kill(entireProcessTree: true);
            server.WaitForExit();
            server.Dispose();
        }

        _network?.Dispose();
        _directory.Dispose();
    }

    private static bool Has(int process, string text)
    {
        try
        {
            return SmallCluster.CommandLineOf(process).Contains(text, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return false;
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    private void Configure()
    {
        File.WriteAllText(_directory["server"], $"""
            HostKey {_directory["host_key"]}
            AuthorizedKeysFile {_directory["user_key"]}.pub
            PermitRootLogin prohibit-password
            PasswordAuthentication no
            StrictModes no
            UsePAM no
            PidFile none
            """);
        string hostKey = string.Join(' ', File.ReadAllText(_directory["host_key"] + ".pub").Split(' ')[..2]);
        File.WriteAllText(_directory["known"], $"cluster {hostKey}\n");
        File.WriteAllText(_directory["client"], $"""
            Host alpha
              HostName {HostNetwork.AddressOf(2)}
            Host beta
              HostName {HostNetwork.AddressOf(3)}
            Host nowhere
              HostName {HostNetwork.AddressOf(99)}
            Host *
              User root
              BatchMode yes
              ConnectTimeout 5
              IdentitiesOnly yes
              IdentityFile {_directory["user_key"]}
              HostKeyAlias cluster
              UserKnownHostsFile {_directory["known"]}
              GlobalKnownHostsFile /dev/null
            """);
    }

    // The namespace of a command in a network namespace has its own mounts: what is mounted here only this machine sees.
    private void Serve(int host, string name)
    {
        string prepare = $"mount -t tmpfs none {Own} && cp {_directory[name]}/* {Own} && mount -t tmpfs none {NnClusterProcess.MnistRows}";
        string[] command = [.. _network!.Inside(host), "sh", "-c", $"{prepare} && exec {Server} -D -e -f {_directory["server"]}"];
        var server = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true })!;
        _servers.Add(server);
        string said = "";
        while (server.StandardError.ReadLine() is { } line)
        {
            said += line + "\n";
            if (line.Contains("Server listening", StringComparison.Ordinal))
            {
                // Read on, so that it never waits for a full pipe.
                _ = server.StandardError.ReadToEndAsync();
                return;
            }
        }

        Assert.Fail($"no SSH server on {name}: {said}");
    }
}
