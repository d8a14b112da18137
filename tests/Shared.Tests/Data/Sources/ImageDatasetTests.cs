using System.Text.Json;
using NnCluster.Data;
using NnCluster.Testing;
using SkiaSharp;

namespace NnCluster.Shared.Tests.Data;

/// <summary>Directories of images, and single images beside what Pillow makes of them (tests/fixtures/make_image_fixtures.py).</summary>
public sealed class ImageDatasetTests : IDisposable
{
    private static readonly string Images = Path.Combine(Repository.Root, "tests", "fixtures", "images");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("grey.png", 0, true)]
    [InlineData("colour.png", 0, false)]
    [InlineData("alpha.png", 1, false)]
    [InlineData("palette.png", 0, false)]
    [InlineData("photo.jpg", 3, false)]
    public void Pixels_are_those_of_pillow_whole_and_scaled(string name, int tolerance, bool isGrey)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Path.Combine(Images, "pillow.json")));
        JsonElement expected = document.RootElement.GetProperty(name);
        ImageSize size = ImageFile.SizeOf(Path.Combine(Images, name));
        Assert.Equal([size.Width, size.Height], expected.GetProperty("size").EnumerateArray().Select(side => side.GetInt32()));
        foreach ((string key, ImageSize to, ImageColour colour, int rounding) in (ReadOnlySpan<(string, ImageSize, ImageColour, int)>)
            [("rgb", size, ImageColour.Rgb, 0), ("grey", size, ImageColour.Grey, 1), ("half", new(8, 6), ImageColour.Rgb, 1), ("odd", new(5, 7), ImageColour.Rgb, 1)])
        {
            byte[] row = new byte[to.Width * to.Height * (colour == ImageColour.Rgb ? 3 : 1)];
            Assert.Equal(isGrey, ImageFile.Read(Path.Combine(Images, name), to, colour, row));
            int[] pillow = [.. expected.GetProperty(key).EnumerateArray().Select(pixel => pixel.GetInt32())];
            Assert.Equal(pillow.Length, row.Length);
            Assert.All(row.Zip(pillow), pixel => Assert.InRange(Math.Abs(pixel.First - pixel.Second), 0, tolerance + rounding));
        }
    }

    [Fact]
    public void Directories_are_classes_in_ordinal_order_and_grey_images_have_one_feature_a_pixel()
    {
        WriteImages();
        Dataset set = Dataset.FromImages(_directory.Path, new() { Splits = new() { Test = 0.25, Validation = 2 } });
        Assert.Equal(["Zebra", "ant", "bee"], set.ClassNames.ToArray());
        Assert.Equal((7, 2, 3), (set.Train.Rows, set.Validation.Rows, set.Test.Rows));
        Assert.Equal((3, 2, 6, true), (set.ImageWidth, set.ImageHeight, set.Features, set.Train.Matrix.IsBytes));
        Assert.Equal(ImageColour.Grey, set.Images!.Colour);
        Assert.Equal("3 classes; 12 training images of 3 × 2 pixels, grey", set.Notes[0]);
        Assert.Equal(set.Sha256, Dataset.FromImages(_directory.Path, new() { Splits = new() { Test = 0.25, Validation = 2 } }).Sha256);
    }

    [Fact]
    public void One_image_in_colour_makes_all_rgb_and_an_option_makes_them_grey()
    {
        WriteImages();
        Png("bee/9.png", 3, 2, i => new((byte)i, 100, 200));
        Dataset set = Dataset.FromImages(_directory.Path, new() { Splits = new() { Test = 0 } });
        Assert.Equal((ImageColour.Rgb, 18, null), (set.Images!.Colour, set.Features, set.ImageWidth));
        Assert.Equal([0, 100, 200, 1, 100, 200], set.Train.Matrix.AllBytes()[^18..^12].ToArray());
        Dataset grey = Dataset.FromImages(_directory.Path, new() { Colour = ImageColour.Grey, Splits = new() { Test = 0 } });
        Assert.Equal(6, grey.Features);
        Assert.Equal((byte)Math.Round((0.587 * 100) + (0.114 * 200)), grey.Train.Matrix.AllBytes()[^6]);
    }

    [Fact]
    public void Directories_of_parts_are_the_parts()
    {
        foreach (string part in (string[])["train", "test", "val"])
        {
            WriteImages(part);
        }

        Directory.Delete(_directory["test/ant"], recursive: true);
        Dataset set = Dataset.FromImages(_directory.Path);
        Assert.Equal((12, 8, 12), (set.Train.Rows, set.Test.Rows, set.Validation.Rows));
        Assert.Equal([0, 0, 0, 0, 2, 2, 2, 2], set.Test.Labels);
        Assert.Equal("3 classes; 12 training images and 8 test images of 3 × 2 pixels, grey", set.Notes[0]);
    }

    [Fact]
    public void Images_are_scaled_to_the_size_that_is_asked_for()
    {
        WriteImages();
        Png("ant/big.png", 9, 6, i => Grey(90));
        Dataset set = Dataset.FromImages(_directory.Path, new() { Size = new(1, 1), Splits = new() { Test = 0 } });
        Assert.Equal(1, set.Features);
        Assert.Equal(90, set.Train.Matrix.AllBytes()[8]);
    }

    [Fact]
    public void The_preparation_and_the_names_come_back_from_the_canonical_bytes()
    {
        WriteImages();
        Dataset set = Dataset.FromImages(_directory.Path);
        using var bytes = new MemoryStream();
        new DatasetBytes(set).WriteTo(bytes);
        bytes.Position = 0;
        Dataset read = DatasetContent.Read(bytes, set.Name);
        Assert.Equal(set.Images, read.Images);
        Assert.Equal(set.ClassNames.ToArray(), read.ClassNames.ToArray());
        Assert.Equal(set.Sha256, read.Sha256);
        Assert.Equal(set.Images, ImagePreparation.Parse(set.Images!.ToJson(), "here"));
    }

    [Fact]
    public void Images_for_a_model_are_matched_by_class_name_and_scaled_as_in_training()
    {
        WriteImages();
        var images = new ImagePreparation { Width = 1, Height = 2, Colour = ImageColour.Rgb, Classes = ["bee", "cat", "ant", "Zebra"] };
        Dataset set = ImageDataset.ReadWith(_directory.Path, images);
        Assert.Equal((0, 12, 6), (set.Train.Rows, set.Test.Rows, set.Features));
        Assert.Equal([3, 3, 3, 3, 2, 2, 2, 2, 0, 0, 0, 0], set.Test.Labels);
        string refused = Assert.Throws<BadInputException>(
            () => ImageDataset.ReadWith(_directory.Path, images with { Classes = ["bee", "ant"] })).Message;
        Assert.Contains($"{_directory["Zebra"]} names a class that the model does not have; its classes are bee, ant", refused, StringComparison.Ordinal);
    }

    /// <summary>An array of 12,000 columns and 65,000 rows of three colours is larger than arrays can be.</summary>
    /// <summary>Quarters a, b above c, d as the file has them; by EXIF 6, for one, its first row is at the right and its first column at the top.</summary>
    [Theory]
    [InlineData(1, "abcd")]
    [InlineData(2, "badc")]
    [InlineData(3, "dcba")]
    [InlineData(4, "cdab")]
    [InlineData(5, "acbd")]
    [InlineData(6, "cadb")]
    [InlineData(7, "dbca")]
    [InlineData(8, "bdac")]
    [InlineData(9, "abcd")]
    public void Images_are_turned_upright_as_their_exif_says(int orientation, string expected)
    {
        const string Quarters = "abcd";
        using var bitmap = new SKBitmap(32, 16);
        for (int pixel = 0; pixel < 32 * 16; pixel++)
        {
            byte grey = (byte)(40 + (60 * ((pixel / 32 / 8 * 2) + (pixel % 32 / 16))));
            bitmap.SetPixel(pixel % 32, pixel / 32, new(grey, grey, grey));
        }

        byte[] jpeg = bitmap.Encode(SKEncodedImageFormat.Jpeg, 100).ToArray();
        // A segment APP1: a TIFF header and a directory of one entry, the orientation (0x112) as a 16-bit number.
        byte[] exif = Convert.FromHexString($"FFE10022457869660000" + "4D4D002A00000008" + "0001" + "0112000300000001" + $"{orientation:X4}0000" + "00000000");
        string path = _directory["phone.jpg"];
        File.WriteAllBytes(path, [.. jpeg[..2], .. exif, .. jpeg[2..]]);

        ImageSize size = orientation is > 4 and < 9 ? new(16, 32) : new(32, 16);
        Assert.Equal(size, ImageFile.SizeOf(path));
        byte[] row = new byte[4];
        ImageFile.Read(path, new(2, 2), ImageColour.Grey, row);
        Assert.Equal(expected, string.Concat(row.Select(grey => Quarters[(int)Math.Round((grey - 40) / 60.0)])));
        Assert.Equal(size, ImageFile.ReadPixels(path).Size);
    }

    [Fact]
    public void A_tall_image_is_scaled_row_by_row()
    {
        WriteImages();
        Png("ant/tall.png", 20, 65_000, i => Grey(60));
        Dataset set = Dataset.FromImages(_directory.Path, new() { Size = new(12_000, 2), Colour = ImageColour.Rgb, Splits = new() { Test = 0 } });
        int tall = Array.FindLastIndex(set.Train.Labels.ToArray(), label => set.ClassNames[label] == "ant");
        Assert.All(set.Train.Matrix.AllBytes().AsSpan(tall * 72_000, 72_000).ToArray(), value => Assert.Equal(60, value));
    }

    [LinuxFact]
    public void A_device_among_the_images_is_refused_and_not_read()
    {
        WriteImages();
        File.CreateSymbolicLink(_directory["ant/zero.png"], "/dev/zero");
        string refused = Assert.Throws<BadInputException>(() => Dataset.FromImages(_directory.Path, new() { Size = new(3, 2) })).Message;
        Assert.Contains("zero.png has 0 bytes; expected an image of at most 256 MiB", refused, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_is_reported()
    {
        byte[] png = File.ReadAllBytes(Path.Combine(Images, "grey.png"));
        for (int i = 0; i < 1000; i++)
        {
            _directory.Write($"{(i % 2 == 0 ? "a" : "b")}/{i}.png", png);
        }

        List<string> lines = [];
        Dataset.FromImages(_directory.Path, new() { Size = new(2, 2), Progress = new Lines(lines) });
        Assert.Equal([$"read 1,000 of 1,000 images of {_directory.Path}"], lines);
    }

    [Fact]
    public void Hidden_files_and_those_of_file_managers_are_skipped()
    {
        WriteImages();
        foreach (string name in (string[])[".DS_Store", "ant/.hidden", "ant/Thumbs.db", "bee/desktop.ini", ".git/config", "__MACOSX/x"])
        {
            _directory.Write(name, "x");
        }

        Assert.Equal(3, Dataset.FromImages(_directory.Path).Classes);
    }

    [Theory]
    [InlineData("notes.txt", "notes.txt is a file beside the directories of the classes")]
    [InlineData("ant/notes.txt", "notes.txt is no image by its name; expected PNG, JPEG")]
    [InlineData("ant/text.png", "text.png is no image that can be read")]
    [InlineData("ant/empty.png", "empty.png has 0 bytes; expected an image")]
    [InlineData("ant/cut.png", "cut.png is an image that is damaged")]
    [InlineData("ant/cut.jpg", "cut.jpg is an image that is damaged: it is cut short")]
    [InlineData("ant/huge.bmp", "huge.bmp claims 30000 × 30000 pixels")]
    [InlineData("ant/wide.png", "has 4 × 2 pixels, and ")]
    [InlineData("nothing/.keep", "nothing has no image")]
    public void A_file_that_cannot_be_used_is_named_with_the_reason(string name, string message)
    {
        WriteImages();
        switch (Path.GetFileName(name))
        {
            case "cut.png":
                _directory.Write(name, File.ReadAllBytes(Path.Combine(Images, "palette.png"))[..150]);
                break;
            case "cut.jpg":
                _directory.Write(name, File.ReadAllBytes(Path.Combine(Images, "photo.jpg"))[..700]);
                break;
            case "wide.png":
                Png(name, 4, 2, i => Grey(i));
                break;
            case "huge.bmp":
                byte[] header = new byte[64];
                "BM"u8.CopyTo(header);
                (header[10], header[14], header[26], header[28]) = (54, 40, 1, 24);
                BitConverter.TryWriteBytes(header.AsSpan(18), 30000);
                BitConverter.TryWriteBytes(header.AsSpan(22), 30000);
                _directory.Write(name, header);
                break;
            default:
                _directory.Write(name, name.Contains("empty", StringComparison.Ordinal) ? "" : "some text");
                break;
        }

        string size = name.Contains("cut", StringComparison.Ordinal) ? "3x2" : "";
        string refused = Assert.Throws<BadInputException>(() => Dataset.FromImages(_directory.Path, new() { Size = ImageSize.Parse(size) })).Message;
        Assert.Contains(_directory.Path, refused, StringComparison.Ordinal);
        Assert.Contains(message, refused, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused);
    }

    [Fact]
    public void A_directory_without_two_classes_is_refused()
    {
        Assert.Contains("has no directory; expected four IDX files", Assert.Throws<BadInputException>(() => Dataset.FromImages(_directory.Path)).Message, StringComparison.Ordinal);
        Png("ant/1.png", 1, 1, i => Grey(i));
        Assert.Contains("has only the directory ant", Assert.Throws<BadInputException>(() => Dataset.FromImages(_directory.Path)).Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read", Assert.Throws<BadInputException>(() => Dataset.FromImages(_directory["none"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_first_broken_image_in_the_order_of_paths_is_named()
    {
        WriteImages();
        foreach (string name in (string[])["bee/0.png", "ant/2.png", "ant/3.png"])
        {
            _directory.Write(name, "broken");
        }

        for (int repetition = 0; repetition < 5; repetition++)
        {
            Assert.StartsWith(
                _directory["ant/2.png"], Assert.Throws<BadInputException>(() => Dataset.FromImages(_directory.Path, new() { Size = new(3, 2) })).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("grey.png")]
    [InlineData("alpha.png")]
    [InlineData("palette.png")]
    [InlineData("photo.jpg")]
    public void Damaged_bytes_are_refused_by_a_bad_input_exception_alone(string name) => DamagedFiles.Read(
        _directory,
        name,
        File.ReadAllBytes(Path.Combine(Images, name)),
        path => ImageFile.Read(path, new(4, 4), ImageColour.Rgb, new byte[48]),
        copies: 700);

    [Theory]
    [InlineData("32x24", 32, 24)]
    [InlineData("1x16384", 1, 16384)]
    public void A_size_is_a_width_and_a_height(string text, int width, int height) => Assert.Equal(new ImageSize(width, height), ImageSize.Parse(text));

    [Theory]
    [InlineData("32")]
    [InlineData("0x5")]
    [InlineData("5x16385")]
    [InlineData("5x-5")]
    [InlineData("5x5x5")]
    [InlineData("")]
    public void Another_text_is_no_size(string text) => Assert.Null(ImageSize.Parse(text));

    private static SKColor Grey(int value) => new((byte)value, (byte)value, (byte)value);

    private void WriteImages(string under = "")
    {
        foreach (string name in (string[])["ant", "bee", "Zebra"])
        {
            for (int i = 0; i < 4; i++)
            {
                int brightness = (i * 10) + name.Length;
                Png(Path.Combine(under, name, $"{i}.png"), 3, 2, pixel => Grey(brightness + pixel));
            }
        }
    }

    private void Png(string name, int width, int height, Func<int, SKColor> colour)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        for (int i = 0; i < width * height; i++)
        {
            bitmap.SetPixel(i % width, i / width, colour(i));
        }

        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        _directory.Write(name, data.ToArray());
    }

    private sealed class Lines(List<string> lines) : IProgress<DatasetProgress>
    {
        public void Report(DatasetProgress value) => lines.Add(value.Message);
    }
}
