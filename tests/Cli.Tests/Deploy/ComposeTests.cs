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

/// <summary>The file for Docker Compose fits itself, the image and the program.</summary>
public sealed class ComposeTests
{
    private static readonly YamlNode File = DeployFiles.Yaml("compose.yaml").Single();

    private static IReadOnlyDictionary<string, YamlNode> Services => File.Entries("services");

    [Fact]
    public void The_coordinator_has_the_name_it_listens_on_and_the_healthcheck_asks_at_its_health_port()
    {
        string[] address = DeployCommand.Compose.Single(command => command.Program == "train").Value("--listen").Split(':');
        YamlNode coordinator = Services["coordinator"];
        Assert.Equal(address[0], coordinator.Text("hostname"));
        string port = DeployCommand.Compose.Single(command => command.Program == "train").Value("--health-port");
        Assert.Contains($"/dev/tcp/127.0.0.1/{port} && printf \"GET /readyz HTTP/1.0", coordinator.Words("healthcheck", "test")[^1]);
    }

    [Fact]
    public void Every_volume_and_secret_in_use_is_declared_and_every_declared_one_is_in_use()
    {
        string[] volumes = [.. Services.Values.SelectMany(service => service.Words("volumes")).Select(mount => mount.Split(':')[0])];
        Assert.Equal(File.Entries("volumes").Keys.Order(), volumes.Distinct().Order());
        string[] secrets = [.. Services.Values.SelectMany(service => service.Words("secrets"))];
        Assert.Equal(File.Entries("secrets").Keys, secrets.Distinct());
    }

    [Fact]
    public void Every_path_in_a_command_lies_on_a_volume_or_in_a_secret()
    {
        foreach (YamlNode service in Services.Values)
        {
            string[] places =
            [
                .. service.Words("volumes").Select(mount => mount.Split(':')[1]),
                .. service.Words("secrets").Select(secret => "/run/secrets/" + secret),
            ];
            Assert.All(service.Words("command").Where(word => word.StartsWith('/')), path =>
                Assert.Contains(places, place => path == place || path.StartsWith(place + "/", StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Data_sets_are_fetched_to_a_volume_of_the_coordinator()
    {
        YamlNode coordinator = Services["coordinator"];
        Assert.Contains(DockerfileTests.Environment["XDG_CACHE_HOME"], coordinator.Words("volumes").Select(mount => mount.Split(':', 2)[1]));
        Assert.Null(coordinator.Find("environment"));
    }

    [Fact]
    public void The_ports_are_those_that_the_image_exposes()
    {
        DeployCommand coordinator = DeployCommand.Compose.Single(command => command.Program == "train");
        Assert.Equal(DockerfileTests.ExposedPorts, [coordinator.Value("--listen").Split(':')[1], coordinator.Value("--link-port")]);
    }

    [Fact]
    public void Every_service_restarts_after_a_failure_and_may_do_nothing_it_need_not() => Assert.All(Services.Values, service =>
    {
        Assert.Equal("on-failure:5", service.Text("restart"));
        Assert.Equal("true", service.Text("read_only"));
        Assert.Equal(["ALL"], service.Words("cap_drop"));
    });

    [Fact]
    public void The_image_is_built_from_the_root_with_the_dockerfile_and_runs_in_every_service()
    {
        YamlNode build = Services["coordinator"].At("build");
        Assert.Equal(Repository.Root, Path.GetFullPath(Path.Combine(DeployFiles.Folder, build.Text("context"))));
        Assert.Equal("deploy/Dockerfile", build.Text("dockerfile"));
        Assert.All(Services.Values, service => Assert.Equal(DockerfileTests.Image, service.Text("image")));
    }

    [ToolFact("docker", "compose", "version")]
    public void Compose_itself_accepts_the_file()
    {
        ProcessResult result = Tool.Run("docker", ["compose", "-f", Path.Combine(DeployFiles.Folder, "compose.yaml"), "config", "--quiet"]);
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
