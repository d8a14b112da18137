using NnCluster.Data;
using NnCluster.Testing;

namespace NnCluster.Shared.Tests.Data;

/// <summary>Archives that numpy wrote (tests/fixtures/make_numpy_fixtures.py).</summary>
public sealed class NpzDatasetTests : IDisposable
{
    private static readonly string Tables = Path.Combine(Repository.Root, "tests", "fixtures", "tables");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Bytes_of_three_dimensions_are_grey_images_with_their_own_parts()
    {
        Dataset set = Read("images.npz");
        Assert.Equal((12, 6, 6), (set.Train.Rows, set.Test.Rows, set.Validation.Rows));
        Assert.Equal((3, 4, 12, true), (set.ImageWidth, set.ImageHeight, set.Features, set.Train.Matrix.IsBytes));
        Assert.Equal(["0", "1", "2"], set.ClassNames.ToArray());
        Assert.Equal([0, 1, 2, 0, 1, 2], set.Test.Labels);
        Assert.Null(set.Preparation);
        Assert.Equal((3, 4, ImageColour.Grey), (set.Images!.Width, set.Images.Height, set.Images.Colour));
        Assert.Equal("target y_train, 3 classes; images of 3 × 4 pixels, grey", set.Notes[0]);
    }

    [Fact]
    public void Bytes_of_four_dimensions_are_colour_images_in_any_layout_and_classes_are_matched_by_name()
    {
        Dataset set = Read("colours.npz");
        Assert.Equal((8, 4, 12, 3), (set.Train.Rows, set.Test.Rows, set.Features, set.Classes));
        Assert.Equal(["ant", "bee", "cat"], set.ClassNames.ToArray());
        Assert.Equal([2, 0, 1, 2, 2, 0, 1, 2], set.Train.Labels);
        Assert.Equal([1, 2, 0, 0], set.Test.Labels);
        Assert.Equal(ImageColour.Rgb, set.Images!.Colour);
        Assert.Null(set.ImageWidth);
        // The training images are stored in Fortran order and compressed, the test images in C order: numpy drew both in one array.
        Assert.Equal(File.ReadAllText(Path.Combine(Tables, "colours.txt")).Split(' ').Select(byte.Parse), [.. set.Train.Matrix.AllBytes(), .. set.Test.Matrix.AllBytes()]);
    }

    [Fact]
    public void The_images_of_an_archive_are_read_for_a_model_without_their_targets()
    {
        Dataset set = Read("colours.npz");
        using NpzDataset archive = NpzDataset.TryOpen(Path.Combine(Tables, "colours.npz"))!;
        (string path, FeatureMatrix pixels) = archive.ReadPixels(set.Images!);
        Assert.EndsWith("colours.npz/test_images", path, StringComparison.Ordinal);
        Assert.Equal([.. set.Test.Matrix.AllBytes()], [.. pixels.AllBytes()]);
        Assert.Contains(
            "expected images of 5 × 2 pixels, RGB", Assert.Throws<BadInputException>(() => archive.ReadPixels(set.Images! with { Width = 5 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pair_of_arrays_is_the_same_table_as_csv()
    {
        Dataset set = Read("pair.npz");
        Assert.Equal(TableDataset.Read(Path.Combine(Tables, "pair.csv")).Sha256, set.Sha256);
        Assert.Equal("pair.npz", set.Name);
        Assert.Equal((32, 8, 4), (set.Train.Rows, set.Test.Rows, set.Features));
        Assert.Equal(40, TableDataset.ReadWith(Path.Combine(Tables, "pair.npz"), set.Preparation!).Test.Rows);
    }

    [Fact]
    public void Numbers_with_a_test_part_are_prepared_by_the_training_rows()
    {
        Dataset set = Read("numbers.npz");
        Assert.Equal((30, 10, 1), (set.Train.Rows, set.Test.Rows, set.Targets));
        float[] features = new float[30 * 4];
        set.Train.Copy(0, 30, features);
        Assert.Equal(0, features.Where((_, i) => i % 4 == 1).Average(), 1e-6);
        Dataset evaluated = TableDataset.ReadWith(Path.Combine(Tables, "numbers.npz"), set.Preparation!);
        Assert.Equal(set.Test.Matrix.AllBytes(), evaluated.Test.Matrix.AllBytes());
        Assert.Equal(set.Test.Targets, evaluated.Test.Targets);
    }

    [Fact]
    public void An_archive_of_one_array_is_that_table() => Assert.Equal((4, 2), (Read("one.npz").Features, Read("one.npz").Classes));

    [Fact]
    public async Task The_store_opens_an_archive() =>
        Assert.Equal(12, (await new DatasetStore(new()).OpenAsync(Path.Combine(Tables, "images.npz"))).Train.Rows);

    [Fact]
    public void Other_names_are_refused_with_the_arrays_of_the_archive()
    {
        string refused = Assert.Throws<BadInputException>(() => Read("refused.npz")).Message;
        Assert.Contains("has the arrays complex (not readable), times (not readable), vector int64 (5,), cube float32 (2, 3, 4)", refused, StringComparison.Ordinal);
        Assert.Contains("expected x_train and y_train", refused, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, new[] { 5 }, "/y has 5 rows; expected 6, as in")]
    [InlineData(6, new[] { 6, 2 }, "/y has the shape (6, 2); expected one value a row")]
    [InlineData(6, new[] { 1, 6 }, "/y has the shape (1, 6); expected one value a row")]
    public void Targets_that_do_not_fit_are_refused_with_both_arrays(int _, int[] shape, string message)
    {
        foreach (int[] features in (int[][])[[6, 2, 2], [6, 4]])
        {
            string path = Npz.Write(_directory["x.npz"], ("x", "|u1", features, new byte[24]), ("y", "|u1", shape, new byte[shape.Aggregate((a, b) => a * b)]));
            Assert.Contains(path + message, Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_class_that_no_training_row_has_is_refused_with_its_place()
    {
        string path = Npz.Write(
            _directory["x.npz"], ("x_train", "|u1", [2, 2, 2], new byte[8]), ("y_train", "|u1", [2], [0, 1]),
            ("x_test", "|u1", [2, 2, 2], new byte[8]), ("y_test", "|u1", [2], [0, 7]));
        Assert.Contains(
            $"{path}/y_test, row 2: the class is \"7\"; the classes of the training rows are 0, 1", Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Test_images_of_another_size_are_refused()
    {
        string path = Npz.Write(
            _directory["x.npz"], ("x_train", "|u1", [2, 2, 2], new byte[8]), ("y_train", "|u1", [2], [0, 1]),
            ("x_test", "|u1", [2, 3, 2], new byte[12]), ("y_test", "|u1", [2], [0, 1]));
        Assert.Contains("x_test is uint8 (2, 3, 2); expected images of 2 × 2 pixels, grey", Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_array_that_claims_more_than_the_archive_has_is_refused()
    {
        string path = Npz.Write(_directory["x.npz"], ("x", "|u1", [1 << 20, 28, 28], new byte[784]), ("y", "|u1", [1 << 20], new byte[10]));
        Assert.Contains("its header announces", Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_byte_of_an_array_is_found_by_its_checksum()
    {
        byte[] content = File.ReadAllBytes(Path.Combine(Tables, "pair.npz"));
        int y = content.AsSpan().LastIndexOf("NUMPY"u8);
        content[y - 300] ^= 1;
        string path = _directory.Write("pair.npz", content);
        Assert.Contains("checksum", Assert.Throws<BadInputException>(() => TableDataset.Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("images.npz")]
    [InlineData("colours.npz")]
    [InlineData("pair.npz")]
    [InlineData("numbers.npz")]
    public void Damaged_bytes_are_refused_by_a_bad_input_exception_alone(string name) => DamagedFiles.Read(
        _directory, name, File.ReadAllBytes(Path.Combine(Tables, name)), path => TableDataset.Read(path), copies: 700);

    private static Dataset Read(string name) => TableDataset.Read(Path.Combine(Tables, name));
}
