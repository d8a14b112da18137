using NnCluster.Numerics;

namespace NnCluster.Data;

/// <summary>Two classes of points in the plane that no straight line separates.</summary>
public enum SyntheticShape
{
    /// <summary>A circle of radius 1 (class 0) around one of radius ½ (class 1), both around the origin.</summary>
    Circles = 0,

    /// <summary>Two half circles that reach into each other: (cos t, sin t) and (1 - cos t, ½ - sin t), t in [0, π).</summary>
    Moons = 1,

    /// <summary>Two spirals, half a turn apart, of 1¾ turns from the origin to radius 1.</summary>
    Spirals = 2,
}

/// <summary>
/// Generated data sets for experiments. Position and noise of a point depend only on seed, shape, split and index of the point, and
/// have the same bits on every machine. Classes alternate, so that any sequence of rows is balanced.
/// </summary>
public static class SyntheticData
{
    private const double SpiralTurns = 1.75;

    // First indices of the streams: position on the curve, and noise.
    private const uint Place = 0;
    private const uint Noise = 1;

    /// <summary>Creates points of a shape; the set is named after it.</summary>
    /// <param name="shape">Curves that the points lie on.</param>
    /// <param name="rows">Number of training points.</param>
    /// <param name="noise">Standard deviation of the normal noise added to both coordinates.</param>
    /// <param name="seed">Seed of positions and noise.</param>
    /// <param name="testRows">Number of test points, which do not depend on the number of training points.</param>
    /// <exception cref="BadInputException">A number is out of its range.</exception>
    public static Dataset Generate(SyntheticShape shape, int rows, double noise, ulong seed, int testRows = 0)
    {
        string name = shape.ToString().ToLowerInvariant();
        if (rows < 1 || testRows < 0 || !(noise >= 0) || !double.IsFinite(noise))
        {
            throw new BadInputException(
                $"{name} of {rows} training and {testRows} test points with noise {noise}: expected at least 1, 0 and 0.");
        }

        return new(name, Split(shape, rows, noise, seed, test: false), Split(shape, testRows, noise, seed, test: true), classes: 2);
    }

    private static DataSplit Split(SyntheticShape shape, int rows, double noise, ulong seed, bool test)
    {
        ulong part = (2 * (ulong)shape) + (test ? 1UL : 0UL);
        CounterRandom places = new(seed, RandomStream.SyntheticData, Place, part);
        float[] points = new float[2 * rows]; // (rows, 2)
        NormalSampler.Fill(new(seed, RandomStream.SyntheticData, Noise, part), points, 0, noise);
        int[] labels = new int[rows];
        for (int i = 0; i < rows; i++)
        {
            labels[i] = i % 2;
            (double x, double y) = On(shape, labels[i], places.UniformDouble(i));
            points[2 * i] += (float)x;
            points[(2 * i) + 1] += (float)y;
        }

        return DataSplit.Classification(FeatureMatrix.FromFloats(points, 2), labels);
    }

    /// <summary>Point of a class's curve at <paramref name="u"/> in [0, 1).</summary>
    private static (double X, double Y) On(SyntheticShape shape, int label, double u)
    {
        double turns = shape switch
        {
            SyntheticShape.Circles => u,
            SyntheticShape.Moons => u / 2,
            SyntheticShape.Spirals => (SpiralTurns * u) + (label / 2.0),
            _ => throw new ArgumentOutOfRangeException(nameof(shape), shape, "No such shape."),
        };
        (double cos, double sin) = (PortableMath.Cos(2 * Math.PI * turns), PortableMath.Sin(2 * Math.PI * turns));
        return (shape, label) switch
        {
            (SyntheticShape.Circles, 1) => (cos / 2, sin / 2),
            (SyntheticShape.Moons, 1) => (1 - cos, 0.5 - sin),
            (SyntheticShape.Spirals, _) => (u * cos, u * sin),
            _ => (cos, sin),
        };
    }
}
