using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.EndToEnd.Tests;

/// <summary>What a supervisor's probes see of a coordinator and a worker.</summary>
public sealed class HealthTests : IDisposable
{
    private readonly SmallCluster _cluster = new();
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };

    [Fact]
    public async Task A_waiting_coordinator_a_waiting_worker_and_both_in_a_run_are_alive_and_ready()
    {
        int workersPort = SmallCluster.FreePort();
        NnClusterProcess worker = _cluster.Worker("w", ["--health-port", $"{workersPort}"]);
        worker.WaitFor<Waiting>();
        await ExpectAsync(workersPort, "/healthz", 200, "waiting for a coordinator");
        await ExpectAsync(workersPort, "/readyz", 200, "waiting for a coordinator");

        int coordinatorsPort = SmallCluster.FreePort();
        NnClusterProcess coordinator = _cluster.Coordinator(["--min-workers", "2", "--health-port", $"{coordinatorsPort}"], epochs: SmallCluster.Endless);
        worker.WaitFor<Joined>();
        await ExpectAsync(workersPort, "/readyz", 200, "in a run with 1 worker (term 1)");
        await ExpectAsync(coordinatorsPort, "/healthz", 200, "waiting at step 0 of ");
        await ExpectAsync(coordinatorsPort, "/readyz", 200, "waiting at step 0 of ");
        await ExpectAsync(coordinatorsPort, "/", 404, "only GET /healthz, /readyz and /metrics are answered");

        _cluster.Worker("second");
        coordinator.Follow.WaitForEpoch(5);
        await ExpectAsync(coordinatorsPort, "/readyz", 200, "training step ");

        // The link's bytes are counted by its heartbeat, of which at least one has passed before the fifth epoch or soon after.
        await ExpectMetricsAsync(
            coordinatorsPort, "nncluster_link_traffic_bytes_total{[^}]*direction=\"received\"[^}]*peer=\"w\\.1\"", "nncluster_participants{[^}]*} 2",
            "nncluster_participant_busy_seconds_total{[^}]*participant=\"second\\.1\"", "nncluster_step_phase_seconds_total{[^}]*phase=\"broadcast\"[^}]*} [0-9.E-]*[1-9]",
            "nncluster_link_round_trip_seconds{[^}]*peer=\"w\\.1\"");
        await ExpectMetricsAsync(workersPort, "nncluster_node_busy_seconds_total{", "nncluster_link_traffic_bytes_total{[^}]*direction=\"sent\"[^}]*peer=\"coordinator\"");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_port_in_use_ends_either_program_with_one_line_and_exit_code_2(bool worker)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        string[] option = ["--health-port", $"{((IPEndPoint)taken.LocalEndpoint).Port}"];
        ProcessResult result = (worker ? _cluster.Worker("w", option) : _cluster.Coordinator(option)).Wait();
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith($"--health-port {option[1]}: cannot be listened on: ", Assert.Single(result.Error.Split('\n')), StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _client.Dispose();
        _cluster.Dispose();
    }

    private async Task ExpectMetricsAsync(int port, params string[] patterns)
    {
        string metrics = "";
        for (long start = TimeProvider.System.GetTimestamp(); TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(1);)
        {
            metrics = await _client.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"));
            if (patterns.All(pattern => Regex.IsMatch(metrics, pattern)))
            {
                return;
            }

            await Task.Delay(100);
        }

        Assert.All(patterns, pattern => Assert.Matches(pattern, metrics));
    }

    private async Task ExpectAsync(int port, string path, int status, string line)
    {
        using HttpResponseMessage response = await _client.GetAsync(new Uri($"http://127.0.0.1:{port}{path}"));
        string body = await response.Content.ReadAsStringAsync();
        Assert.StartsWith(line, body, StringComparison.Ordinal);
        Assert.Equal(status, (int)response.StatusCode);
    }
}
