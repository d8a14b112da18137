using System.Diagnostics;
using System.Runtime.InteropServices;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Testing;
using NnCluster.Worker.ProcessStatus;

namespace NnCluster.EndToEnd.Tests;

/// <summary><c>launch --hosts</c> over real SSH servers on machines of their own.</summary>
public sealed class SshHostsTests(SshHosts hosts) : IClassFixture<SshHosts>, IDisposable
{
    private readonly SmallCluster _cluster = new();

    private static string Worker => $"{NnClusterProcess.Program} worker";

    private string Cache => Path.Combine(hosts.Own, $"{Path.GetFileName(_cluster.Directory.Path)}'s own cache");

    [SshFact]
    public void Machines_with_nothing_but_the_program_and_their_certificates_train_the_same_bits()
    {
        NnClusterProcess launch = Launch("alpha:2,beta");
        launch.WaitFor<ChildReported>(child => child.Record is DatasetReady { Source: DatasetSource.Coordinator });
        launch.WaitFor<ChildReported>(child => child.Record is DatasetReady { Source: DatasetSource.Coordinator });
        ProcessResult result = SmallCluster.AssertSameBits(launch, 3);
        Assert.Equal(("3", "0"), (result.Field("workers"), result.Field("workersLost")));
        AssertGone(Remote());
    }

    [SshFact]
    public void Workers_here_and_there_share_one_run()
    {
        ProcessResult result = SmallCluster.AssertSameBits(Launch("alpha", ["--workers", "1"]), 3);
        Assert.Equal("2", result.Field("workers"));
        AssertGone(Remote());
    }

    [SshFact]
    public void Launch_asked_to_end_takes_the_other_machines_workers_down_in_time()
    {
        NnClusterProcess launch = Launch("alpha:2,beta", epochs: SmallCluster.Endless);
        launch.Follow.WaitForEpoch(5);
        int[] remote = Remote();
        Assert.NotEmpty(remote);
        long asked = Stopwatch.GetTimestamp();
        launch.Signal(PosixSignal.SIGTERM);
        ProcessResult result = launch.Wait();
        TimeSpan took = Stopwatch.GetElapsedTime(asked);
        Assert.True(result.ExitCode == 130, result.Error);
        Assert.True(took < TimeSpan.FromSeconds(3), $"took {took}");
        AssertGone(remote);
        Assert.Empty(Remote());
    }

    [SshFact]
    public void Workers_elsewhere_end_with_a_launch_that_is_killed()
    {
        NnClusterProcess launch = Launch("alpha,beta", epochs: SmallCluster.Endless);
        launch.Follow.WaitForEpoch(5);
        int[] remote = Remote();
        Assert.NotEmpty(remote);
        NnClusterProcess.Signal(launch.Id, SmallCluster.SigKill);
        AssertGone(remote);
    }

    [SshFact]
    public void A_worker_whose_session_is_killed_is_started_again()
    {
        NnClusterProcess launch = Launch("alpha,beta", ["--min-workers", "2"], epochs: SmallCluster.Long);
        launch.Follow.WaitForEpoch(5);
        int victim = SmallCluster.ChildrenOf(launch.Id).First(child => SmallCluster.CommandLineOf(child).Contains(" beta ", StringComparison.Ordinal));
        NnClusterProcess.Signal(victim, SmallCluster.SigKill);
        launch.WaitFor<ChildEnded>(end => end is { Name: "beta", Action: ChildAction.Restart });
        launch.Follow.WaitForJoin("beta.2");
        SmallCluster.AssertSameBits(launch, SmallCluster.Long);
        AssertGone(Remote());
    }

    [SshFact]
    public void A_host_that_cannot_be_reached_ends_the_launch_with_what_ssh_says()
    {
        ProcessResult result = Launch("alpha,nowhere").Wait();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains("no worker could be started on nowhere (exit code 255): ssh: connect to host", result.Error.Split('\n')[^1], StringComparison.Ordinal);
        AssertGone(Remote());
    }

    [SshFact]
    public void A_host_without_the_program_ends_the_launch_with_what_its_shell_says()
    {
        ProcessResult result = Launch("alpha", ["--remote-command", "nncluster-workeer"]).Wait();
        Assert.Equal(2, result.ExitCode);
        string last = result.Error.Split('\n')[^1];
        Assert.Contains("no worker could be started on alpha (exit code 127): ", last, StringComparison.Ordinal);
        Assert.Contains("nncluster-workeer", last, StringComparison.Ordinal);
        Assert.Contains("not found", last, StringComparison.Ordinal);
    }

    [SshFact]
    public void A_host_without_its_certificate_ends_the_launch_with_the_file_it_lacks()
    {
        string here = _cluster.Directory["here"];
        Directory.CreateDirectory(here);
        string[] tls = [.. hosts.Tls.Select(option => option.Replace(hosts.Own, here, StringComparison.Ordinal))];
        foreach ((string from, string to) in hosts.Tls.Zip(tls).Where(pair => File.Exists(pair.First)))
        {
            File.Copy(from, to);
        }

        // The first machine's directory is to be hidden from the other.
        ProcessResult result = Launch("alpha", ["--remote-command", $"mount -t tmpfs none {here} && exec dotnet {Worker}"], tls: tls).Wait();
        Assert.Equal(2, result.ExitCode);
        Assert.Contains($"--tls-cert {here}/node.pem: there is no such file", result.Error.Split('\n')[^1], StringComparison.Ordinal);
    }

    public void Dispose() => _cluster.Dispose();

    private NnClusterProcess Launch(string machines, string[]? more = null, int epochs = 3, string[]? tls = null) => _cluster.Launch(
        [
            "--hosts", machines, "--workers-per-node", "1", "--listen", SshHosts.Listen, "--cache", Cache, "--ssh-command", hosts.Command, .. tls ?? hosts.Tls, .. more ?? [],
            .. (more ?? []).Contains("--remote-command") ? [] : new[] { "--remote-command", $"dotnet {Worker}" },
        ],
        epochs,
        hosts.Inside);

    private static int[] Remote() => SshHosts.ProcessesWith($"{Worker} --end-with-input --join {SshHosts.Listen}");

    private static void AssertGone(int[] processes)
    {
        foreach (int process in processes)
        {
            SmallCluster.WaitForEndOf(process);
        }

        Assert.All(processes, process => Assert.False(SmallCluster.Runs(process), $"process {process} still runs"));
    }
}
