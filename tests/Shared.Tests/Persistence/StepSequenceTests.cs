using NnCluster.Memory;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed class StepSequenceTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, 3, null)]
    [InlineData(new[] { 1, 3 }, 3, "step 2 is expected, found 3")]
    [InlineData(new[] { 1, 2, 2, 3 }, 3, "step 3 is expected, found 2")]
    [InlineData(new[] { 1, 2 }, 3, "ends with step 2 of 3")]
    [InlineData(new[] { 1, 2, 3, 4 }, 3, "ends with step 4 of 3")]
    public void A_missing_and_a_second_step_are_noticed(int[] steps, int total, string? wrong)
    {
        string path;
        using (RunDirectory run = RunDirectory.CreateAt(_directory["run"]))
        {
            path = run.Paths.Metrics;
            foreach (int step in steps)
            {
                run.Observe(new StepCompleted(step, 1, 1, 1, 1, 1, 1));
                run.Observe(new EpochCompleted(1, step, 1, 1, new(1, 1, 1), null, null, 1));
            }
        }

        string? said = StepSequence.Check(path, total);
        if (wrong is null)
        {
            Assert.Null(said);
        }
        else
        {
            Assert.Contains(wrong, said, StringComparison.Ordinal);
        }
    }

    public void Dispose() => _directory.Dispose();
}
