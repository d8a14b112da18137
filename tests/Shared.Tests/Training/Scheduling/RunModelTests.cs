using CsCheck;
using NnCluster.Memory;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

/// <summary>
/// Faults that the links of the simulation exclude: single results that are lost or arrive twice while the worker stays connected.
/// </summary>
public sealed class RunModelTests
{
    [Fact]
    public void Any_interleaving_duplication_and_loss_gives_the_reference_sums_and_every_shard_once() =>
        Gen.Int.Sample(
            seed =>
            {
                using var model = new RunModel(seed);
                model.Run();
                Assert.Null(model.State.Outcome!.Failure);
                Assert.Equal(model.State.Step, model.StepsSeen);
                Assert.True(model.Evaluations >= model.State.Epochs);
            },
            iter: 2000,
            print: seed => $"seed {seed}");
}
