using CsCheck;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Data;

public sealed class FeatureMatrixTests
{
    private static readonly Gen<(byte[] Pixels, int Columns, int[] Rows)> AnyGather =
        from columns in Gen.Int[1, 70]
        from height in Gen.Int[1, 20]
        from pixels in Gen.Byte.Array[columns * height]
        from rows in Gen.Int[0, height - 1].Array[0, 30]
        select (pixels, columns, rows);

    [Fact]
    public void Gathered_pixels_have_the_bits_of_a_plain_loop_for_every_width() => AnyGather.Sample((pixels, columns, rows) =>
    {
        float[] got = new float[(rows.Length * columns) + 3];
        FeatureMatrix.FromBytes(pixels, columns).Gather(rows, got);
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < columns; j++)
            {
                float expected = pixels[(rows[i] * columns) + j] * (1f / 255f);
                Assert.Equal(BitConverter.SingleToInt32Bits(expected), BitConverter.SingleToInt32Bits(got[(i * columns) + j]));
            }
        }

        Assert.Equal([0f, 0f, 0f], got[^3..]);
    });

    [Fact]
    public void Gathered_floats_are_copies() => AnyGather.Sample((pixels, columns, rows) =>
    {
        float[] values = [.. pixels.Select(p => (float)p - 7.5f)];
        float[] got = new float[rows.Length * columns];
        FeatureMatrix.FromFloats(values, columns).Gather(rows, got);
        Assert.Equal(rows.SelectMany(r => values[(r * columns)..((r + 1) * columns)]), got);
    });

    [Fact]
    public void Copy_is_gather_of_consecutive_rows_and_slices_shift_both() => AnyGather.Sample((pixels, columns, rows) =>
    {
        int height = pixels.Length / columns;
        int first = rows.Length % height;
        foreach (FeatureMatrix whole in (FeatureMatrix[])[FeatureMatrix.FromBytes(pixels, columns), FeatureMatrix.FromFloats(pixels.Select(p => (float)p).ToArray(), columns)])
        {
            float[] gathered = new float[(height - first) * columns];
            whole.Gather([.. Enumerable.Range(first, height - first)], gathered);
            float[] copied = new float[gathered.Length];
            whole.Copy(first, height - first, copied);
            Assert.Equal(gathered, copied);
            whole.Slice(first, height - first).Gather([.. Enumerable.Range(0, height - first)], copied);
            Assert.Equal(gathered, copied);
        }
    });

    [Fact]
    public void Every_grey_value_scales_into_zero_to_one()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        float[] scaled = new float[256];
        PixelScaling.Scale(all, scaled);
        Assert.Equal(0f, scaled[0]);
        Assert.Equal(1f, scaled[255]);
        Assert.Equal(scaled.Order(), scaled);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void A_row_outside_the_matrix_is_refused(int row)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FeatureMatrix.FromBytes(new byte[12], 4).Gather([0, row], new float[8]));
        Assert.Throws<ArgumentOutOfRangeException>(() => FeatureMatrix.FromFloats(new float[12], 4).Gather([0, row], new float[8]));
    }

    [Theory]
    [InlineData(-1, 2)]
    [InlineData(2, 2)]
    [InlineData(1 << 30, 1)]
    [InlineData(1, -1)]
    public void A_range_outside_the_matrix_is_refused(int first, int count)
    {
        foreach (FeatureMatrix matrix in (FeatureMatrix[])[FeatureMatrix.FromBytes(new byte[12], 4), FeatureMatrix.FromFloats(new float[12], 4)])
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Copy(first, count, new float[12]));
            Assert.Throws<ArgumentOutOfRangeException>(() => matrix.Slice(first, count));
        }
    }

    [Fact]
    public void Too_little_room_is_refused()
    {
        Assert.Throws<ArgumentException>(() => FeatureMatrix.FromBytes(new byte[12], 4).Gather([0, 1], new float[7]));
        Assert.Throws<ArgumentException>(() => FeatureMatrix.FromFloats(new float[12], 4).Gather([0, 1], new float[7]));
        Assert.Throws<ArgumentException>(() => FeatureMatrix.FromBytes(new byte[12], 4).Copy(0, 2, new float[7]));
    }

    [Fact]
    public void A_ragged_matrix_is_refused() => Assert.Throws<ArgumentException>(() => FeatureMatrix.FromBytes(new byte[13], 4));
}
