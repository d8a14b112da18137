using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

public sealed class SyntheticDataTests
{
    [Theory]
    [InlineData(SyntheticShape.Circles)]
    [InlineData(SyntheticShape.Moons)]
    [InlineData(SyntheticShape.Spirals)]
    public void Without_noise_every_point_lies_on_its_curve(SyntheticShape shape)
    {
        foreach ((double x, double y, int label) in Points(SyntheticData.Generate(shape, 400, 0, 3).Train))
        {
            double distance = shape switch
            {
                SyntheticShape.Circles => Math.Sqrt((x * x) + (y * y)) - (label == 0 ? 1 : 0.5),
                SyntheticShape.Moons when label == 0 => (Math.Abs(Math.Sqrt((x * x) + (y * y)) - 1)) + Math.Max(0, -y),
                SyntheticShape.Moons => Math.Abs(Math.Sqrt(((1 - x) * (1 - x)) + ((0.5 - y) * (0.5 - y))) - 1) + Math.Max(0, y - 0.5),
                _ => SpiralDistance(x, y, label),
            };
            Assert.Equal(0, distance, 1e-6);
        }
    }

    [Fact]
    public void Noise_has_the_deviation_asked_for()
    {
        Dataset clean = SyntheticData.Generate(SyntheticShape.Moons, 20_000, 0, 5);
        Dataset noisy = SyntheticData.Generate(SyntheticShape.Moons, 20_000, 0.2, 5);
        double squares = Points(clean.Train).Zip(Points(noisy.Train), (a, b) => ((a.X - b.X) * (a.X - b.X)) + ((a.Y - b.Y) * (a.Y - b.Y))).Sum();
        Assert.Equal(0.2, Math.Sqrt(squares / 40_000), 0.005);
    }

    [Fact]
    public void Classes_alternate()
    {
        Dataset set = SyntheticData.Generate(SyntheticShape.Spirals, 5, 0.1, 1);
        Assert.Equal([0, 1, 0, 1, 0], set.Train.Labels);
        Assert.Equal((2, 2, "spirals"), (set.Classes, set.Features, set.Name));
    }

    [Fact]
    public void Points_depend_on_nothing_but_seed_shape_split_and_number()
    {
        Dataset few = SyntheticData.Generate(SyntheticShape.Circles, 11, 0.1, 1, testRows: 7);
        Dataset many = SyntheticData.Generate(SyntheticShape.Circles, 500, 0.1, 1, testRows: 90);
        Assert.True(many.Train.Matrix.AllBytes().AsSpan().StartsWith(few.Train.Matrix.AllBytes()));
        Assert.True(many.Test.Matrix.AllBytes().AsSpan().StartsWith(few.Test.Matrix.AllBytes()));
        Assert.False(few.Train.Matrix.AllBytes().AsSpan().StartsWith(few.Test.Matrix.AllBytes()));
        Assert.NotEqual(few.Sha256, SyntheticData.Generate(SyntheticShape.Circles, 11, 0.1, 2, testRows: 7).Sha256);
    }

    [Theory]
    [InlineData(SyntheticShape.Circles, "9b466393fed499b25dd9992f10e33d13fe9782f1e0f7e077c42fb98b59b691a8")]
    [InlineData(SyntheticShape.Moons, "d23da3239cfd7e20a98b62d59b902287ae9718d097758afc434d832721163bff")]
    [InlineData(SyntheticShape.Spirals, "8bf0e700058a84ccb81990c96e91a4831662808e2a70ae854d479d06e309276d")]
    public void The_bits_are_the_same_on_every_machine(SyntheticShape shape, string sha256) =>
        Assert.Equal(sha256, SyntheticData.Generate(shape, 1000, 0.1, 42, testRows: 100).Sha256);

    [Theory]
    [InlineData(0, 0.1, 0)]
    [InlineData(1, -0.1, 0)]
    [InlineData(1, double.NaN, 0)]
    [InlineData(1, double.PositiveInfinity, 0)]
    [InlineData(1, 0.1, -1)]
    public void Impossible_numbers_are_refused(int rows, double noise, int testRows) =>
        Assert.Throws<BadInputException>(() => SyntheticData.Generate(SyntheticShape.Circles, rows, noise, 1, testRows));

    private static double SpiralDistance(double x, double y, int label)
    {
        double radius = Math.Sqrt((x * x) + (y * y));
        double angle = 2 * Math.PI * ((1.75 * radius) + (label / 2.0));
        return Math.Max(Math.Abs(x - (radius * Math.Cos(angle))), Math.Abs(y - (radius * Math.Sin(angle))));
    }

    private static List<(double X, double Y, int Label)> Points(DataSplit split)
    {
        float[] features = new float[2 * split.Rows];
        split.Copy(0, split.Rows, features);
        List<(double, double, int)> points = [];
        for (int i = 0; i < split.Rows; i++)
        {
            points.Add((features[2 * i], features[(2 * i) + 1], split.Labels[i]));
        }

        return points;
    }
}
