using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>Real MNIST rows and real processes: the bits do not depend on the workers.</summary>
public sealed class SameBitsTests : IDisposable
{
    private static readonly string[] Everything =
    [
        "--hidden", "40,24", "--activation", "prelu", "--batch-norm", "--dropout", "0.2,0.1", "--input-dropout", "0.1", "--input-noise", "0.1",
        "--l1", "1e-5", "--l2", "1e-4", "--max-norm", "3", "--clip-norm", "1", "--schedule", "one-cycle",
    ];

    private readonly TemporaryDirectory _directory = new();
    private int _runs;

    [Fact]
    public void The_weights_are_the_same_for_any_number_of_workers_and_any_vector_width()
    {
        string one = Hash(["--workers", "1"]);
        Assert.Equal(one, Hash(["--workers", "2"]));
        Assert.Equal(one, Hash(["--workers", "3"]));
        Assert.Equal(one, Hash(["--workers", "7"]));
        Assert.Equal(one, Hash([], ("DOTNET_EnableAVX512", "0")));
        Assert.NotEqual(one, Hash(["--seed", "2"]));
    }

    [Fact]
    public void A_network_that_uses_everything_has_the_same_weights_for_any_number_of_workers_and_any_vector_width()
    {
        string one = Hash([.. Everything, "--workers", "1"]);
        Assert.Equal(one, Hash([.. Everything, "--workers", "3"]));
        Assert.Equal(one, Hash([.. Everything, "--workers", "7"]));
        Assert.Equal(one, Hash(Everything, ("DOTNET_EnableAVX512", "0")));
    }

    [Fact]
    public void Without_fused_multiply_add_the_run_is_right_and_declares_another_arithmetic()
    {
        ProcessResult with = Train([]);
        ProcessResult without = Train([], ("DOTNET_EnableAVX2", "0"));
        Assert.Equal(0, without.ExitCode);
        Assert.Equal(Accuracy(with), Accuracy(without), 0.03);
        Assert.NotEqual(Arithmetic(with), Arithmetic(without));
    }

    [Fact]
    public void The_configuration_of_a_run_repeats_it_to_the_bit()
    {
        ProcessResult first = Train(Everything);
        string config = File.ReadAllText(Path.Combine(first.Field("runDirectory"), "config.json"));
        Assert.Contains("\"inputNoise\": \"0.1\"", config, StringComparison.Ordinal);
        ProcessResult again = NnClusterProcess.Run("train", "--json", "--config", Path.Combine(first.Field("runDirectory"), "config.json"), "--workers", "3", "--out", NextRun());
        Assert.Equal(first.Field("weightsSha256"), again.Field("weightsSha256"));
    }

    public void Dispose() => _directory.Dispose();

    private string Hash(string[] arguments, params (string, string)[] environment)
    {
        ProcessResult result = Train(arguments, environment);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Field("weightsSha256");
    }

    private ProcessResult Train(string[] arguments, params (string, string)[] environment)
    {
        using var process = new NnClusterProcess(
            ["train", "--json", "--dataset", NnClusterProcess.MnistRows, "--epochs", "3", "--batch-size", "128", "--shards", "8", .. arguments, "--out", NextRun()],
            environment);
        return process.Wait();
    }

    private string NextRun() => _directory[$"run-{++_runs}"];

    private static double Accuracy(ProcessResult result) => result.Json.GetProperty("testAccuracy").GetDouble();

    private static string Arithmetic(ProcessResult result)
    {
        string model = Path.Combine(result.Field("runDirectory"), "model.safetensors");
        return RunSpecJson.Parse(SafeTensorsFile.Read(model).Metadata["runSpec"], model).Arithmetic;
    }
}
