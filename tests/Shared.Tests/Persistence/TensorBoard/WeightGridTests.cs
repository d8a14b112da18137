using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Persistence.TensorBoard;
using SkiaSharp;

namespace NnCluster.Shared.Tests.Persistence.TensorBoard;

public sealed class WeightGridTests
{
    [Fact]
    public void Zero_is_grey_and_the_greatest_magnitude_is_white_or_black()
    {
        WeightGrid grid = Grid(3, 2, ImageColour.Grey, units: 2)!;
        Assert.Equal((9, 4), (grid.Width, grid.Height));
        byte[] pixels = grid.Pixels([0, 1, -1, 2, -4, 0, 0.5f, float.NaN, 4, float.PositiveInfinity, 0, 0]);
        Assert.Equal(
            [
                255, 255, 255, 255, 255, 255, 255, 255, 255,
                255, 128, 159, 96, 255, 143, pixels[15], 255, 255,
                255, 191, 0, 128, 255, 255, 128, 128, 255,
                255, 255, 255, 255, 255, 255, 255, 255, 255,
            ],
            pixels);
    }

    [Fact]
    public void All_zero_is_grey() => Assert.All(
        Grid(1, 1, ImageColour.Grey, units: 1)!.Pixels([0]).Chunk(3), (row, i) => Assert.Equal(i == 1 ? (byte)128 : (byte)255, row[1]));

    [Theory]
    [InlineData(ImageColour.Grey, 5, 13, 9)]
    [InlineData(ImageColour.Rgb, 5, 13, 9)]
    [InlineData(ImageColour.Rgb, 65, 33, 33)]
    public void The_image_is_a_PNG_with_the_weights_of_a_unit_in_each_cell(ImageColour colour, int units, int width, int height)
    {
        (ParameterLayout layout, Dataset data) = Model(3, 3, colour, units);
        WeightGrid grid = WeightGrid.For(layout, data)!;
        float[] state = new float[layout.StateLength];
        int channels = data.Images!.Channels;
        ParameterView weights = layout.Find(ParameterKind.Weight, 0);
        // Of the second unit the pixel in the second column of the third row is the greatest, in its last channel only.
        weights.Of(state.AsSpan())[(((9 + 7) * channels) + channels) - 1] = 3;
        ImageProto image = grid.Draw(state);
        using SKBitmap bitmap = SKBitmap.Decode(image.EncodedImageString.ToByteArray());
        Assert.Equal((width, height), (bitmap.Width, bitmap.Height));
        Assert.Equal((width, height, channels), (image.Width, image.Height, image.Colorspace));
        Assert.Equal(channels == 1 ? new SKColor(255, 255, 255) : new SKColor(128, 128, 255), bitmap.GetPixel(4 + 1 + 1, 3));
        Assert.Equal(new SKColor(128, 128, 128), bitmap.GetPixel(1, 1));
        Assert.Equal("dense0.weight", grid.TensorName);
    }

    [Fact]
    public void Large_images_have_fewer_units_and_too_large_ones_no_grid()
    {
        Assert.Equal((513 * 2) + 1, Grid(512, 512, ImageColour.Grey, units: 10)!.Width);
        Assert.Null(Grid(1025, 1024, ImageColour.Grey, units: 1));
    }

    [Fact]
    public void Inputs_that_are_no_images_have_no_grid()
    {
        var rows = DataSplit.Classification(FeatureMatrix.FromBytes(new byte[12], 12), new int[1]);
        ParameterLayout layout = ParameterLayout.For(new() { Inputs = 12, Outputs = 2, Hidden = [] });
        Assert.Null(WeightGrid.For(layout, new("table", rows, rows, classes: 2)));
        Assert.NotNull(WeightGrid.For(layout, new("images", rows, rows, classes: 2, imageWidth: 4, imageHeight: 3)));
    }

    private static WeightGrid? Grid(int width, int height, ImageColour colour, int units)
    {
        (ParameterLayout layout, Dataset data) = Model(width, height, colour, units);
        return WeightGrid.For(layout, data);
    }

    private static (ParameterLayout Layout, Dataset Data) Model(int width, int height, ImageColour colour, int units)
    {
        var images = new ImagePreparation { Width = width, Height = height, Colour = colour };
        var rows = DataSplit.Classification(FeatureMatrix.FromBytes(new byte[images.Features], images.Features), new int[1]);
        return (
            ParameterLayout.For(new() { Inputs = images.Features, Outputs = 2, Hidden = [new() { Units = units }] }),
            new("images", rows, rows, classes: 2) { Images = images });
    }
}
