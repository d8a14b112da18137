using System.CommandLine;
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

/// <summary>Every call of a program in a deployment file is one that the program understands.</summary>
public sealed class CommandTests
{
    [Fact]
    public void Every_option_in_every_file_is_known_to_its_program()
    {
        DeployCommand[] commands = [.. DeployCommand.All];
        Assert.Equal(5 * 2, commands.Length - DeployCommand.Documented.Count);
        Assert.NotEmpty(DeployCommand.Documented);
        Assert.All(commands, command => Assert.All(command.Options, option =>
            Assert.True(ProgramOptions.Of(command.Program).Contains(option), $"{command.Program} has no {option}; used in {command.Source}")));
    }

    [Fact]
    public void The_options_of_a_run_are_valid_with_their_values()
    {
        Command train = TrainCommand.Create().Command;
        DeployCommand[] commands = [.. DeployCommand.All.Where(command => command.Run.Length > 0)];
        Assert.Equal(5, commands.Length);
        Assert.All(commands, command => Assert.Empty(train.Parse(command.Run).Errors));
    }

    [Theory]
    [InlineData(nameof(DeployCommand.Compose), false)]
    [InlineData(nameof(DeployCommand.Kubernetes), false)]
    [InlineData(nameof(DeployCommand.Systemd), false)]
    [InlineData(nameof(DeployCommand.KubernetesTls), true)]
    [InlineData(nameof(DeployCommand.SystemdTls), true)]
    public void Coordinator_and_workers_meet_at_one_address_with_one_kind_of_proof(string place, bool tls)
    {
        var commands = (IReadOnlyList<DeployCommand>)typeof(DeployCommand).GetProperty(place)!.GetValue(null)!;
        DeployCommand coordinator = Assert.Single(commands, command => command.Program == "train");
        DeployCommand worker = Assert.Single(commands, command => command.Program == DeployCommand.Worker);
        Assert.Equal(coordinator.Value("--listen"), worker.Value("--join"));
        Assert.EndsWith(":4500", worker.Value("--join"), StringComparison.Ordinal);
        Assert.Equal("4501", coordinator.Value("--link-port"));
        string[] proof = tls ? ["--tls-cert", "--tls-key", "--tls-ca"] : ["--cookie-file"];
        Assert.All(commands, command => Assert.Equal(proof, command.Options.Where(option => option.StartsWith("--tls", StringComparison.Ordinal) || option == "--cookie-file")));
    }

    [Fact]
    public void The_example_of_hosts_has_a_name_and_slots_in_each_line()
    {
        string[] hosts = [.. DeployFiles.Lines("hosts.example").Where(line => !line.StartsWith('#'))];
        Assert.NotEmpty(hosts);
        Assert.All(hosts, host => Assert.Matches(@"^[a-z0-9.-]+:[1-9]\d*$", host));
    }
}
