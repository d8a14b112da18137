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
        string path = _directory["metrics.jsonl"];
        File.WriteAllLines(path, steps.SelectMany(step => new[] { $$"""{"step":{{step}},"loss":1}""", $$"""{"epoch":1,"step":{{step}},"testLoss":1}""" }));
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
