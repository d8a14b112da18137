using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed class RunPathsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Checkpoints_are_found_by_their_names_in_the_order_of_their_steps()
    {
        var paths = new RunPaths(_directory.Path);
        foreach (long step in new long[] { 100, 9, 0 })
        {
            File.WriteAllText(paths.Checkpoint(step), "");
        }

        string[] others =
        [
            "checkpoint-x.safetensors", "checkpoint--1.safetensors", RunPaths.Rejected("checkpoint-5.safetensors"),
            "model.safetensors", ".checkpoint-7.safetensors.0.tmp",
        ];
        foreach (string other in others)
        {
            File.WriteAllText(_directory[other], "");
        }

        Assert.Equal([(paths.Checkpoint(0), 0L), (paths.Checkpoint(9), 9), (paths.Checkpoint(100), 100)], paths.Checkpoints());
        Assert.Empty(new RunPaths(_directory["none"]).Checkpoints());
    }

    [Fact]
    public void A_run_is_found_by_its_directory_and_by_a_file_in_it()
    {
        File.WriteAllText(_directory["model.safetensors"], "");

        Assert.Equal(_directory["config.json"], RunPaths.Of(_directory.Path).Config);
        Assert.Equal(_directory["config.json"], RunPaths.Of(_directory["model.safetensors"]).Config);
    }
}
