using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>A test that runs SSH servers in network namespaces; skipped where that cannot be, saying so.</summary>
public sealed class SshFactAttribute : FactAttribute
{
    public SshFactAttribute()
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            Skip = "needs root on Linux";
        }
        else if (!File.Exists(SshHosts.Server))
        {
            Skip = $"needs an SSH server, {SshHosts.Server}";
        }
    }
}
