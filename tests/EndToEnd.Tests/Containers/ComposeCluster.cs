using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests.Containers;

/// <summary>The cluster of deploy/compose.yaml under a project name of its own, with a data set and a secret of the test.</summary>
internal sealed partial class ComposeCluster : IDisposable
{
    private static readonly string Text = File.ReadAllText(Path.Combine(Repository.Root, "deploy", "compose.yaml"));

    private readonly TemporaryDirectory _directory = new();
    private readonly string _minWorkers;
    private readonly string _project = $"nncluster-test-{Environment.ProcessId}";

    /// <summary>
    /// Writes the secret and, beside it, the file without its name, which version 1 of Docker Compose does not know, and with another data
    /// set and number of epochs.
    /// </summary>
    /// <param name="dataset">A directory in the coordinator's container.</param>
    /// <param name="epochs">Epochs of the run: enough that it does not end before the test has done what it does to it.</param>
    /// <param name="minWorkers">Workers that the run needs.</param>
    public ComposeCluster(string dataset, int epochs, int minWorkers)
    {
        string changed = Option("dataset").Replace(ProjectName().Replace(Text, ""), $"$1{dataset}");
        changed = Option("epochs").Replace(changed, $"$1\"{epochs}\"");
        Assert.Contains($"- --dataset\n      - {dataset}\n      - --epochs\n      - \"{epochs}\"\n", changed, StringComparison.Ordinal);
        _minWorkers = $"{minWorkers}";
        File.WriteAllText(_directory["compose.yaml"], changed);
        Directory.CreateDirectory(_directory["secrets"]);
        File.WriteAllText(_directory["secrets/cookie"], Convert.ToHexString(Guid.NewGuid().ToByteArray()));
        Run("chown", User, _directory["secrets/cookie"]);
        Run("chmod", "400", _directory["secrets/cookie"]);
    }

    /// <summary>Docker Compose as a command; null: there is none.</summary>
    public static string[]? Program { get; } = Find();

    /// <summary>Name of the image.</summary>
    public static string Image { get; } = ImageName().Match(Text).Groups[1].Value;

    /// <summary>User of the containers.</summary>
    public const string User = "1654";

    /// <summary>The engine.</summary>
    public ContainerEngine Engine { get; } = new();

    /// <summary>Containers, volumes and networks of the cluster are gone afterwards.</summary>
    public void Dispose()
    {
        Compose("down", "-v", "--remove-orphans", "-t", "5");
        string[] left = [.. Engine.VolumesOf(_project), .. Engine.ContainersOf(_project, "worker")];
        Engine.Dispose();
        _directory.Dispose();
        Assert.Empty(left);
    }

    /// <summary>Runs Docker Compose on the cluster; its output.</summary>
    public string Compose(params string[] arguments) =>
        Run(["env", $"NNCLUSTER_MIN_WORKERS={_minWorkers}", .. Program!, "-p", _project, "-f", _directory["compose.yaml"], .. arguments]);

    /// <summary>Starts what does not run, with so many worker containers.</summary>
    public void Up(int workers) => Compose("up", "-d", "--no-build", "--scale", $"worker={workers}");

    /// <summary>Containers of a service.</summary>
    public string[] Containers(string service) => Engine.ContainersOf(_project, service);

    /// <summary>The one container of the coordinator.</summary>
    public string Coordinator => Containers("coordinator").Single();

    /// <summary>A directory of this machine: the run in the volume of the runs.</summary>
    public string RunDirectory => Path.Combine(Engine.PathOfVolume(_project + "_runs"), "mnist");

    /// <summary>Waits until a container has ended.</summary>
    /// <returns>Its exit code.</returns>
    public int WaitForExit(string container)
    {
        long start = TimeProvider.System.GetTimestamp();
        while (true)
        {
            if (Engine.ExitCodeOf(container) is { } code)
            {
                return code;
            }

            Assert.True(TimeProvider.System.GetElapsedTime(start) < TimeSpan.FromMinutes(5), $"container {container} has not ended in 5 minutes:\n{Compose("logs")}");
            Thread.Sleep(100);
        }
    }

    private static Regex Option(string name) => new($"(- --{name}\n *- ).*");

    private static string[]? Find() =>
        new[] { new[] { "docker", "compose" }, ["docker-compose"] }.FirstOrDefault(program =>
        {
            try
            {
                return Start([.. program, "version"]).ExitCode == 0;
            }
            catch (Win32Exception)
            {
                return false;
            }
        });

    private static string Run(params string[] command)
    {
        (int exitCode, string output) = Start(command);
        Assert.True(exitCode == 0, $"{string.Join(' ', command)}: exit code {exitCode}\n{output}");
        return output;
    }

    private static (int ExitCode, string Output) Start(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output + errors.Result);
    }

    [GeneratedRegex("^name:.*\n", RegexOptions.Multiline)]
    private static partial Regex ProjectName();

    [GeneratedRegex("^ *image: (.*)$", RegexOptions.Multiline)]
    private static partial Regex ImageName();
}
