using CsCheck;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

/// <summary>The ends of epochs, which rise and may be equal, beside a plain loop over them.</summary>
public sealed class RunSettingsTests
{
    [Fact]
    public void Epochs_are_found_by_their_ends() => Gen.Int[0, 3].Array[1, 12].Sample(lengths =>
    {
        long[] ends = [.. lengths.Select((_, index) => (long)lengths[..(index + 1)].Sum())];
        var settings = new RunSettings { TotalSteps = ends[^1], EpochEnds = [.. ends], Trees = new(new(8, 64), new(1, 1)) };
        for (long step = 0; step <= ends[^1] + 1; step++)
        {
            Assert.Equal(ends.Count(end => end <= step), settings.EpochsThrough(step));
            Assert.Equal(ends.LastOrDefault(end => end < step), settings.EpochStart(step));
        }
    });
}
