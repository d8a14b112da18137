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
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>Anyone can repeat a comparison with PyTorch from the command line: --init-from, --no-shuffle, --shards 1.</summary>
public sealed class PyTorchTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void Twenty_steps_from_the_same_weights_end_at_pytorch_s_weights()
    {
        ProcessResult result = NnClusterProcess.Run(
            "train", "--json", "--dataset", NnClusterProcess.MnistRows, "--init-from", Fixture("torch-before"), "--no-shuffle", "--shards", "1",
            "--hidden", "8", "--batch-norm", "--activation", "prelu", "--l1", "1e-4", "--l2", "1e-3", "--clip-norm", "1",
            "--optimizer", "momentum", "--momentum", "0.9", "--learning-rate", "0.05", "--schedule", "constant",
            "--batch-size", "50", "--epochs", "1", "--out", _directory["run"]);
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal("20", result.Field("steps"));
        SafeTensorsFile ours = SafeTensorsFile.Read(_directory["run/model.safetensors"]);
        SafeTensorsFile theirs = SafeTensorsFile.Read(Fixture("torch-after"));
        Assert.Equal(theirs.Tensors.Select(tensor => tensor.Name).Order(), ours.Tensors.Select(tensor => tensor.Name).Order());
        foreach (StoredTensor expected in theirs.Tensors)
        {
            Assert.True(ours.TryGet(expected.Name, out StoredTensor? actual));
            Assert.True(Error(expected, actual) < 1e-5, $"{expected.Name} differs by {Error(expected, actual)} of its size");
        }
    }

    public void Dispose() => _directory.Dispose();

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", name + ".safetensors");

    /// <summary>‖actual − expected‖₂ / ‖expected‖₂</summary>
    private static double Error(StoredTensor expected, StoredTensor actual)
    {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.Data.Length; i++)
        {
            double e = expected.Data.Span[i];
            difference += Math.Pow(actual.Data.Span[i] - e, 2);
            size += e * e;
        }

        return Math.Sqrt(difference / size);
    }
}
