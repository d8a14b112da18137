using System.Diagnostics;
using NnCluster.Testing;

namespace NnCluster.EndToEnd.Tests;

/// <summary>The Arm64 build, as it is published, gives the bits of x64: alone, and in a cluster with x64.</summary>
public sealed class Arm64Tests(Arm64Tests.Published published) : IClassFixture<Arm64Tests.Published>, IDisposable
{
    private readonly SmallCluster _cluster = new();

    public void Dispose() => _cluster.Dispose();

    [Arm64Fact]
    public void A_network_that_uses_everything_has_the_weights_of_x64()
    {
        using var process = new NnClusterProcess(
            ["train", "--json", .. SmallCluster.Training(3), "--workers", "2", "--out", _cluster.Directory["arm64"]], program: published.Program);
        ProcessResult alone = process.Wait();
        Assert.True(alone.ExitCode == 0, alone.Error);
        Assert.Equal(SmallCluster.Expected(), alone.Field("weightsSha256"));
    }

    [Arm64Fact]
    public void An_arm64_worker_joins_an_x64_coordinator_and_the_run_has_the_same_bits()
    {
        NnClusterProcess coordinator = _cluster.Coordinator(["--min-workers", "2"]);
        NnClusterProcess native = _cluster.Worker("native");
        using var emulated = new NnClusterProcess(
            ["worker", "--join", _cluster.Address, "--name", "emulated", "--cache", _cluster.Directory["arm64-cache"], "--workers", "1", "--give-up-after", "60s"],
            program: published.Program);
        SmallCluster.AssertSameBits(coordinator, 3, native, emulated);
    }

    /// <summary>The program for Arm64, self-contained; built beside the repository's own outputs.</summary>
    public sealed class Published : IDisposable
    {
        private readonly TemporaryDirectory _directory = new();
        private readonly Lazy<string[]> _program;

        public Published() => _program = new(Publish);

        /// <summary>Command that runs the program under emulation.</summary>
        internal string[] Program => _program.Value;

        public void Dispose() => _directory.Dispose();

        private string[] Publish()
        {
            string[] arguments =
            [
                "publish", Path.Combine(Repository.Root, "src", "Cli"), "-c", "Release", "-r", "linux-arm64", "--self-contained",
                "--artifacts-path", _directory["artifacts"], "-o", _directory["program"], "-v", "q", "-nologo",
            ];
            using var publish = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = publish.StandardError.ReadToEndAsync();
            string output = publish.StandardOutput.ReadToEnd();
            publish.WaitForExit();
            Assert.True(publish.ExitCode == 0, output + errors.Result);
            return [.. Arm64FactAttribute.Emulator, Path.Combine(_directory["program"], "nncluster")];
        }
    }
}
