using CsCheck;
using NnCluster.Persistence;

namespace NnCluster.Shared.Tests.Persistence.TensorBoard;

public sealed class ValueHistogramTests
{
    // Gen.Float includes NaN, infinities, zeros, subnormals and the greatest numbers.
    private static readonly Gen<float[]> Values = Gen.OneOf(
        Gen.Float.Array[1, 200], Gen.Float[-1, 1].Array[1, 200], Gen.Float.SelectMany(value => Gen.Int[1, 50].Select(count => Enumerable.Repeat(value, count).ToArray())));

    [Fact]
    public void Buckets_rise_and_count_every_finite_value() => Values.Sample(values =>
    {
        float[] finite = [.. values.Where(float.IsFinite)];
        if (ValueHistogram.Of(values) is not { } histogram)
        {
            Assert.Empty(finite);
            return;
        }

        Assert.Equal(finite.Length, histogram.Counts.Sum());
        Assert.Equal(histogram.Limits.Length, histogram.Counts.Length);
        Assert.All(histogram.Limits.Zip(histogram.Limits.Skip(1)), pair => Assert.True(pair.First < pair.Second));
        Assert.Equal((finite.Min(), finite.Max()), (histogram.Min, histogram.Max));
        Assert.Equal(histogram.Max, histogram.Limits[^1]);
        Assert.Equal(finite.Sum(value => (double)value), histogram.Sum);
        Assert.Equal(finite.Sum(value => (double)value * value), histogram.SumOfSquares);
        // TensorBoard drops empty buckets at both ends and takes the least and the greatest value as their limits.
        Assert.True(histogram.Counts[0] > 0 && histogram.Counts[^1] > 0);
    });

    [Fact]
    public void A_value_is_counted_in_the_bucket_between_whose_limits_it_lies()
    {
        float[] values = [0, 0.5f, 1, 1.5f, 29.5f, 30];
        ValueHistogram histogram = ValueHistogram.Of(values)!;
        Assert.Equal(Enumerable.Range(1, 30).Select(limit => (double)limit), histogram.Limits);
        Assert.Equal([2, 2, .. Enumerable.Repeat(0L, 27), 2], histogram.Counts.AsEnumerable());
    }

    [Fact]
    public void Equal_values_have_one_bucket() => Assert.Equal([3L], ValueHistogram.Of([0.25f, 0.25f, 0.25f])!.Counts.AsEnumerable());

    [Fact]
    public void Values_that_are_not_finite_are_left_out()
    {
        Assert.Equal(2, ValueHistogram.Of([1, float.NaN, 2, float.PositiveInfinity, float.NegativeInfinity])!.Counts.Sum());
        Assert.Null(ValueHistogram.Of([float.NaN]));
        Assert.Null(ValueHistogram.Of([]));
    }
}
