using System.Globalization;
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

/// <summary>The manifests fit each other, the image and the program.</summary>
public sealed class KubernetesTests
{
    private static readonly string[] PodSpec = ["spec", "template", "spec"];
    private static readonly YamlNode Kustomization = DeployFiles.Yaml("kubernetes/kustomization.yaml").Single();
    private static readonly YamlNode Coordinator = DeployFiles.Yaml("kubernetes/coordinator.yaml").Single();
    private static readonly YamlNode Worker = DeployFiles.Yaml("kubernetes/worker.yaml").Single();
    private static readonly YamlNode Service = DeployFiles.Yaml("kubernetes/service.yaml").Single();

    private static YamlNode[] Workloads => [Coordinator, Worker];

    [Fact]
    public void Every_manifest_is_listed_and_every_listed_one_exists()
    {
        string[] files = [.. DeployFiles.Names("kubernetes", "*.yaml").Select(name => Path.GetFileName(name)).Except(["kustomization.yaml", "secret.template.yaml"])];
        Assert.Equal(files.Order(), Kustomization.Words("resources").Order());
        YamlNode variant = DeployFiles.Yaml("kubernetes-tls/kustomization.yaml").Single();
        Assert.Equal(["../kubernetes"], variant.Words("resources"));
        Assert.All(variant.Items("patches"), patch => Assert.True(File.Exists(Path.Combine(DeployFiles.Folder, "kubernetes-tls", patch.Text("path")))));
    }

    [Fact]
    public void The_coordinator_listens_on_the_name_that_its_service_gives_it()
    {
        string space = Kustomization.Text("namespace");
        Assert.Equal(space, DeployFiles.Yaml("kubernetes/namespace.yaml").Single().Text("metadata", "name"));
        string service = Service.Text("metadata", "name");
        Assert.Equal(service, Coordinator.Text("spec", "serviceName"));
        Assert.Equal("None", Service.Text("spec", "clusterIP"));
        Assert.Equal("1", Coordinator.Text("spec", "replicas"));
        string name = $"{Coordinator.Text("metadata", "name")}-0.{service}.{space}.svc.cluster.local:4500";
        Assert.All([.. DeployCommand.Kubernetes, .. DeployCommand.KubernetesTls], command =>
            Assert.Equal(name, command.Value(command.Program == "train" ? "--listen" : "--join")));
        Assert.Contains($"for {name.Split(':')[0]}>", DeployFiles.Read("kubernetes/secret.template.yaml"), StringComparison.Ordinal);
    }

    [Fact]
    public void Service_and_policy_use_the_ports_of_the_container()
    {
        YamlNode container = Container(Coordinator);
        Dictionary<string, string> ports = container.Items("ports").ToDictionary(port => port.Text("name"), port => port.Text("containerPort"));
        Assert.Equal(new Dictionary<string, string> { ["control"] = "4500", ["tensors"] = "4501", ["health"] = "4502" }, ports);
        Assert.All([DeployCommand.Kubernetes[0], DeployCommand.KubernetesTls[0]], command =>
        {
            Assert.EndsWith(":" + ports["control"], command.Value("--listen"), StringComparison.Ordinal);
            Assert.Equal(ports["tensors"], command.Value("--link-port"));
        });
        ports.Remove("health");
        Assert.Equal(ports, Service.Items("spec", "ports").ToDictionary(port => port.Text("targetPort"), port => port.Text("port")));
        YamlNode policy = DeployFiles.Yaml("kubernetes/network-policy.yaml")[0];
        Assert.Equal(ports.Keys, policy.Items("spec", "ingress").Single().Items("ports").Select(port => port.Text("port")));
    }

    [Fact]
    public void Probes_ask_at_the_health_port_and_leave_a_hung_process_more_time_than_a_slow_one_needs()
    {
        Assert.All(Workloads, workload =>
        {
            YamlNode container = Container(workload);
            Assert.Equal("/readyz", container.Text("readinessProbe", "httpGet", "path"));
            Assert.Equal("/healthz", container.Text("livenessProbe", "httpGet", "path"));
            Assert.All(new[] { "readinessProbe", "livenessProbe" }, probe => Assert.Equal("health", container.Text(probe, "httpGet", "port")));
            int Seconds(string name) => int.Parse(container.Text("livenessProbe", name), CultureInfo.InvariantCulture);
            Assert.True(Seconds("periodSeconds") * Seconds("failureThreshold") >= 60);
            Assert.Contains(container.Items("ports"), port => port.Text("name") == "health" && port.Text("containerPort") == "4502");
        });
        Assert.All([.. DeployCommand.Kubernetes, .. DeployCommand.KubernetesTls], command => Assert.Equal("4502", command.Value("--health-port")));
    }

    [Fact]
    public void Every_selector_finds_pods()
    {
        string[] pods = [.. Workloads.Select(workload => Labels(workload.At("spec", "template", "metadata", "labels")))];
        Assert.Equal(pods, Workloads.Select(workload => Labels(workload.At("spec", "selector", "matchLabels"))));
        Assert.Equal(pods[0], Labels(Service.At("spec", "selector")));
        Assert.Equal(pods[1], Labels(DeployFiles.Yaml("kubernetes/disruption-budget.yaml").Single().At("spec", "selector", "matchLabels")));
        foreach (YamlNode policy in DeployFiles.Yaml("kubernetes/network-policy.yaml"))
        {
            Assert.Contains(Labels(policy.At("spec", "podSelector", "matchLabels")), pods);
            Assert.All(policy.Items("spec", "ingress").SelectMany(rule => rule.Items("from")), from =>
                Assert.Contains(Labels(from.At("podSelector", "matchLabels")), pods));
        }
    }

    [Fact]
    public void Requests_equal_limits_and_a_worker_has_a_slot_for_each_processor()
    {
        Assert.All(Workloads, workload => Assert.Equal(Labels(Container(workload).At("resources", "requests")), Labels(Container(workload).At("resources", "limits"))));
        string processors = Container(Worker).Text("resources", "limits", "cpu");
        Assert.All([DeployCommand.Kubernetes[1], DeployCommand.KubernetesTls[1]], command => Assert.Equal(processors, command.Value("--workers")));
        int workers = int.Parse(Worker.Text("spec", "replicas"), CultureInfo.InvariantCulture) * int.Parse(processors, CultureInfo.InvariantCulture);
        Assert.All([DeployCommand.Kubernetes[0], DeployCommand.KubernetesTls[0]], command =>
            Assert.InRange(int.Parse(command.Value("--min-workers"), CultureInfo.InvariantCulture), 1, workers));
    }

    [Fact]
    public void Pods_run_the_image_as_an_ordinary_user_on_a_read_only_file_system()
    {
        YamlNode image = Assert.Single(Kustomization.Items("images"));
        Assert.Equal(DockerfileTests.Image, $"{image.Text("newName")}:{image.Text("newTag")}");
        Assert.All(Workloads, workload =>
        {
            Assert.Equal(image.Text("name"), Container(workload).Text("image"));
            Assert.Equal("true", workload.At(PodSpec).Text("securityContext", "runAsNonRoot"));
            Assert.Equal("true", Container(workload).Text("securityContext", "readOnlyRootFilesystem"));
            Assert.Equal("false", Container(workload).Text("securityContext", "allowPrivilegeEscalation"));
        });
    }

    [Theory]
    [InlineData("kubernetes")]
    [InlineData("kubernetes-tls")]
    public void Every_path_in_a_command_lies_on_a_mount_and_every_secret_file_in_the_template(string folder)
    {
        Dictionary<string, string[]> secrets = DeployFiles.Yaml("kubernetes/secret.template.yaml")
            .ToDictionary(secret => secret.Text("metadata", "name"), secret => secret.Entries("stringData").Keys.ToArray());
        foreach (string name in new[] { "coordinator.yaml", "worker.yaml" })
        {
            YamlNode plain = DeployFiles.Yaml("kubernetes/" + name).Single();
            YamlNode workload = DeployFiles.Yaml($"{folder}/{name}").Single();
            string secret = workload.Items([.. PodSpec, "volumes"]).Single(volume => volume.Text("name") == "secret").Text("secret", "secretName");
            string[] mounts = [.. Container(plain).Items("volumeMounts").Select(mount => mount.Text("mountPath"))];
            Assert.All(Container(workload).Words("args").Where(word => word.StartsWith('/')), path =>
            {
                Assert.Contains(mounts, mount => path == mount || path.StartsWith(mount + "/", StringComparison.Ordinal));
                if (path.StartsWith("/run/secrets/", StringComparison.Ordinal))
                {
                    Assert.Contains(Path.GetFileName(path), secrets[secret]);
                }
            });
            Assert.Equal(
                Container(plain).Items("volumeMounts").Select(mount => mount.Text("name")).Order(),
                plain.Items([.. PodSpec, "volumes"]).Concat(plain.Items("spec", "volumeClaimTemplates").Select(claim => claim.At("metadata")))
                    .Select(volume => volume.Text("name")).Order());
        }
    }

    [Fact]
    public void Data_sets_are_fetched_to_the_coordinator_s_volume()
    {
        string cache = DockerfileTests.Environment["XDG_CACHE_HOME"];
        Assert.Contains(Container(Coordinator).Items("volumeMounts"), mount => mount.Find("readOnly") is null
            && mount.Text("name") == "state" && cache.StartsWith(mount.Text("mountPath") + "/", StringComparison.Ordinal));
        Assert.DoesNotContain(Container(Coordinator).Items("env"), variable => variable.Text("name") is "XDG_CACHE_HOME" or "HOME");
    }

    [ToolFact("kubectl", "version", "--client")]
    public void Kustomize_puts_both_variants_together()
    {
        ProcessResult plain = Tool.Run("kubectl", ["kustomize", Path.Combine(DeployFiles.Folder, "kubernetes")]);
        Assert.True(plain.ExitCode == 0, plain.Error);
        Assert.Contains($"image: {DockerfileTests.Image}", plain.Output, StringComparison.Ordinal);
        ProcessResult tls = Tool.Run("kubectl", ["kustomize", Path.Combine(DeployFiles.Folder, "kubernetes-tls")]);
        Assert.True(tls.ExitCode == 0, tls.Error);
        Assert.DoesNotContain("cookie", tls.Output, StringComparison.Ordinal);
        Assert.Equal(plain.Output.Split("\n---\n").Length, tls.Output.Split("\n---\n").Length);
    }

    private static YamlNode Container(YamlNode workload) => workload.Items([.. PodSpec, "containers"]).Single();

    private static string Labels(YamlNode node) => string.Join(',', node.Entries().Select(entry => $"{entry.Key}={entry.Value.Text()}").Order());
}
