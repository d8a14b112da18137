using System.Diagnostics;
using System.Text.Json;
using NnCluster.BitProbe;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Numerics;

/// <summary>Compares this process's bits with those of processes with instruction sets disabled.</summary>
public sealed class PortableBitsTests
{
    [Fact]
    public async Task Narrower_vectors_with_fused_multiply_add_give_the_same_bits()
    {
        Dictionary<string, string> here = Bits.Compute();
        Dictionary<string, string> child = await ComputeWithout("DOTNET_EnableAVX512");
        Assert.NotEqual("512", child["vectorBits"]);
        here.Remove("vectorBits");
        child.Remove("vectorBits");
        Assert.Equal(here, child);
    }

    [Fact]
    public async Task Without_fused_multiply_add_only_the_arithmetic_that_says_so_differs()
    {
        Dictionary<string, string> here = Bits.Compute();
        Dictionary<string, string> child = await ComputeWithout("DOTNET_EnableAVX2");
        foreach (string item in (string[])["philox", "normal", "vectorNormal", "portableMath"])
        {
            Assert.Equal(here[item], child[item]);
        }

        // The multiply-add of Arm64 cannot be disabled.
        Assert.Equal(here["arithmetic"] == child["arithmetic"], here["gemm"] == child["gemm"]);
    }

    [Fact]
    public async Task Without_vectors_the_arithmetic_has_a_name_of_this_machine_alone()
    {
        Dictionary<string, string> child = await ComputeWithout("DOTNET_EnableHWIntrinsic");
        Assert.Contains($"scalar@{Environment.MachineName}", child["arithmetic"], StringComparison.Ordinal);
    }

    private static async Task<Dictionary<string, string>> ComputeWithout(string feature)
    {
        ProcessStartInfo start = new(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            ArgumentList = { "exec", typeof(Bits).Assembly.Location },
            RedirectStandardOutput = true,
            Environment = { [feature] = "0" },
        };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
        return JsonSerializer.Deserialize<Dictionary<string, string>>(output)!;
    }
}
