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

/// <summary>
/// A run that was stopped twice, after steps 8 and 16 of 23, so that exactly these two checkpoints are there; one with
/// the same options and one with others; and the bits all of it must end with.
/// </summary>
public sealed class InterruptedRun : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public InterruptedRun()
    {
        Path = Start("run", "--stop-after", "8");
        Same = Start("same", "--stop-after", "12");
        Other = Start("other", "--stop-after", "12", "--learning-rate", "0.5");
        Expect(130, NnClusterProcess.Run("train", "--json", "--resume", Path, "--stop-after", "16"));
        Assert.Equal(["checkpoint-16.safetensors", "checkpoint-8.safetensors"], Checkpoints(Path));
        WeightsSha256 = Expect(0, NnClusterProcess.Run([.. Arguments, "--out", _directory["undisturbed"]])).Field("weightsSha256");
    }

    /// <summary>Its directory, not to be changed.</summary>
    public string Path { get; }

    /// <summary>A run with the same options, at step 12.</summary>
    public string Same { get; }

    /// <summary>A run with another learning rate, at step 12.</summary>
    public string Other { get; }

    /// <summary>The weights after all 23 steps.</summary>
    public string WeightsSha256 { get; }

    // No checkpoint but those that an interruption and the end leave: which others there are depends on the disk.
    private static string[] Arguments { get; } =
        ["train", "--json", "--dataset", NnClusterProcess.MnistRows, "--batch-size", "128", "--epochs", "3", "--hidden", "24", "--checkpoint-every", "1000"];

    /// <summary>The names of a directory's checkpoints.</summary>
    internal static IEnumerable<string> Checkpoints(string directory) =>
        Directory.GetFiles(directory, "checkpoint-*.safetensors").Select(path => System.IO.Path.GetFileName(path)).Order(StringComparer.Ordinal);

    /// <summary>The result, if the program ended as expected.</summary>
    internal static ProcessResult Expect(int exitCode, ProcessResult result)
    {
        Assert.True(result.ExitCode == exitCode, $"exit code {result.ExitCode}: {result.Error}");
        return result;
    }

    public void Dispose() => _directory.Dispose();

    private string Start(string name, params string[] arguments)
    {
        Expect(130, NnClusterProcess.Run([.. Arguments, .. arguments, "--out", _directory[name]]));
        return _directory[name];
    }
}
