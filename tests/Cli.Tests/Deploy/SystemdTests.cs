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

/// <summary>The systemd units have what a service of this kind needs, and their environment files feed them.</summary>
public sealed class SystemdTests
{
    private const string Programs = "/opt/nncluster/";

    public static TheoryData<string, string> Units => new()
    {
        { "nncluster-coordinator.service", "coordinator.env" },
        { "nncluster-worker@.service", "worker.env" },
    };

    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_restarts_after_failures_but_not_after_bad_input(string unit, string environment)
    {
        var service = new UnitFile("systemd/" + unit);
        Assert.Equal("on-failure", service.Single("Restart"));
        Assert.Contains(service.All("Environment"), value => value.StartsWith("HOME=%", StringComparison.Ordinal));
        Assert.Equal(unit == "nncluster-coordinator.service" ? "2" : "2 3", service.Single("RestartPreventExitStatus"));
        Assert.Equal("130", service.Single("SuccessExitStatus"));
        Assert.Equal("/etc/nncluster/" + environment, service.Single("EnvironmentFile"));
        Assert.StartsWith(Programs, service.Single("ExecStart"), StringComparison.Ordinal);
        Assert.Equal(["multi-user.target"], service.All("WantedBy"));
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void A_unit_is_hardened_as_far_as_a_compiler_at_run_time_allows(string unit, string environment)
    {
        var service = new UnitFile("systemd/" + unit);
        Assert.NotEmpty(new UnitFile("systemd/" + environment).Variables);
        Assert.Equal("yes", service.Single("DynamicUser"));
        Assert.Equal("yes", service.Single("NoNewPrivileges"));
        Assert.Equal("strict", service.Single("ProtectSystem"));
        Assert.Equal("", service.Single("CapabilityBoundingSet"));
        Assert.Empty(service.All("MemoryDenyWriteExecute"));
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void Every_variable_of_an_environment_file_is_used_by_its_unit(string unit, string environment)
    {
        string command = new UnitFile("systemd/" + unit).Single("ExecStart");
        Assert.All(new UnitFile("systemd/" + environment).Variables.Keys, name => Assert.Matches($@"\$\{{?{name}\b", command));
    }

    [Theory]
    [MemberData(nameof(Units))]
    public void Every_credential_in_a_command_is_loaded(string unit, string environment)
    {
        Assert.EndsWith(".env", environment, StringComparison.Ordinal);
        foreach (string name in new[] { unit, "tls.conf" })
        {
            var file = new UnitFile("systemd/" + name);
            string[] loaded = [.. file.All("LoadCredential").Where(value => value.Length > 0).Select(value => "%d/" + value.Split(':')[0])];
            Assert.Equal(loaded.Order(), file.Environment["NNCLUSTER_SECURITY"].Split(' ').Where(word => word.StartsWith('%')).Order());
        }
    }

    [Fact]
    public void The_environment_file_names_the_port_of_the_tensors_beside_that_of_the_control_messages()
    {
        IReadOnlyDictionary<string, string> variables = new UnitFile("systemd/coordinator.env").Variables;
        Assert.EndsWith(":4500", variables["NNCLUSTER_LISTEN"], StringComparison.Ordinal);
        Assert.Equal("4501", variables["NNCLUSTER_LINK_PORT"]);
        Assert.Contains("--link-port ${NNCLUSTER_LINK_PORT} ", new UnitFile("systemd/nncluster-coordinator.service").Single("ExecStart"), StringComparison.Ordinal);
    }

    /// <summary>Under ProtectSystem=strict only the directories that the unit asks for can be written.</summary>
    [Fact]
    public void Data_sets_are_fetched_to_a_directory_that_the_unit_asks_for()
    {
        var coordinator = new UnitFile("systemd/nncluster-coordinator.service");
        string place = coordinator.Environment["XDG_CACHE_HOME"] + "/nncluster";
        string[] writable =
        [
            .. coordinator.Single("StateDirectory").Split(' ').Select(name => "%S/" + name),
            .. coordinator.Single("CacheDirectory").Split(' ').Select(name => "%C/" + name),
        ];
        Assert.Contains(place, writable);
        Assert.Contains(coordinator.Environment["NNCLUSTER_DATA"], writable);
        var worker = new UnitFile("systemd/nncluster-worker@.service");
        Assert.Contains($"--cache %C/{worker.Single("CacheDirectory")} ", worker.Single("ExecStart"), StringComparison.Ordinal);
    }

    [ToolFact("systemd-analyze", "--version")]
    public void Systemd_itself_accepts_the_units()
    {
        using var directory = new TemporaryDirectory();
        string programs = Directory.CreateDirectory(directory["bin"]).FullName + "/";
        foreach (string program in new[] { DeployCommand.Script, "nncluster" })
        {
            File.Copy("/bin/true", programs + program);
        }

        string[] units = [.. DeployFiles.Names("systemd", "*.service").Select(name =>
        {
            string path = directory[Path.GetFileName(name)];
            File.WriteAllText(path, DeployFiles.Read(name).Replace(Programs, programs, StringComparison.Ordinal));
            string dropIn = Directory.CreateDirectory(path + ".d").FullName;
            File.WriteAllText(Path.Combine(dropIn, "tls.conf"), DeployFiles.Read("systemd/tls.conf"));
            return path;
        })];
        Assert.Equal(2, units.Length);
        ProcessResult result = Tool.Run("systemd-analyze", ["verify", .. units]);
        Assert.True(result.ExitCode == 0 && result.Error.Length == 0, result.Error);
    }
}
