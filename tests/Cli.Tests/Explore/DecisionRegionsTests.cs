using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Explore;

public sealed class DecisionRegionsTests
{
    [Fact]
    public void A_line_makes_two_regions_on_the_right_sides()
    {
        using TrainedModel model = Band(steepness: 20, width: 100);

        DecisionRegions regions = Compute(model);

        Assert.Equal(2, regions.CountRegions());
        Assert.True(regions[0, 120] < 0.01f, "left of the line is class 0");
        Assert.True(regions[DecisionRegions.Side - 1, 120] > 0.99f, "right of it is class 1");
    }

    [Fact]
    public void A_band_makes_three_regions()
    {
        using TrainedModel model = Band(steepness: 20, width: 0.5f);

        Assert.Equal(3, Compute(model).CountRegions());
    }

    [Fact]
    public void A_steeper_model_is_sharper()
    {
        using TrainedModel gentle = Band(steepness: 2, width: 100);
        using TrainedModel steep = Band(steepness: 40, width: 100);

        Assert.True(Compute(steep).Sharpness() > 5 * Compute(gentle).Sharpness());
    }

    /// <summary>Class 1 where 0 &lt; x &lt; width: two ReLU neurons that see x alone.</summary>
    private static TrainedModel Band(float steepness, float width)
    {
        var spec = new ModelSpec { Inputs = 2, Outputs = 2, Hidden = [new() { Units = 2 }] };
        var layout = ParameterLayout.For(spec);
        Span<float> state = new float[layout.StateLength];
        ((ReadOnlySpan<float>)[1, 0, 1, 0]).CopyTo(layout.Find(ParameterKind.Weight, 0).Of(state)); // x, x
        ((ReadOnlySpan<float>)[10, -width / 2]).CopyTo(layout.Find(ParameterKind.Bias, 0).Of(state));
        // Up with slope one from x = -10 on; down with slope two from the band's middle on.
        ((ReadOnlySpan<float>)[0, 0, steepness, -2 * steepness]).CopyTo(layout.Find(ParameterKind.Weight, 1).Of(state));
        ((ReadOnlySpan<float>)[0, -10 * steepness]).CopyTo(layout.Find(ParameterKind.Bias, 1).Of(state));
        return new(spec, state, new SimdBlas());
    }

    private static DecisionRegions Compute(TrainedModel model) =>
        DecisionRegions.Compute(model, DataSplit.Classification(FeatureMatrix.FromFloats(new float[] { -1, -1, 1, 1 }, 2), new[] { 0, 1 }));
}
