using System.Globalization;
using System.Text.Json;
using NnCluster.Testing;
using SkiaSharp;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>Data sets of one's own in Parquet, NumPy's formats, and directories of images: trained, measured, and answered.</summary>
public sealed class OwnFilesTests : IDisposable
{
    private static readonly string Tables = Path.Combine(Repository.Root, "tests", "fixtures", "tables");

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void A_parquet_file_trains_the_bits_of_the_same_table_as_csv_and_is_answered()
    {
        string[] options = ["--epochs", "3", "--batch-size", "4", "--json"];
        ProcessResult parquet = Done(["train", "--dataset", Path.Combine(Tables, "mixed.parquet"), "--out", "parquet", .. options]);
        ProcessResult csv = Done(["train", "--dataset", Path.Combine(Tables, "mixed.csv"), "--out", "csv", .. options]);
        Assert.Equal(csv.Field("weightsSha256"), parquet.Field("weightsSha256"));
        Assert.Equal(
            Done("predict", "csv", Path.Combine(Tables, "mixed.csv"), "--json").Output, Done("predict", "parquet", Path.Combine(Tables, "mixed.parquet"), "--json").Output);
        string answers = Done("predict", "parquet", Path.Combine(Tables, "mixed.parquet")).Output;
        Assert.StartsWith("id,small,count,length,ratio,half,price,open,day,stamp,city,kind,predicted kind,probability even,probability odd", answers, StringComparison.Ordinal);
        Assert.Equal(20, Done("evaluate", "parquet", "--dataset", Path.Combine(Tables, "mixed-3.npy"), "--json").Json.GetProperty("rows").GetInt32());
    }

    [Fact]
    public void A_numpy_archive_trains_with_its_own_test_rows_and_is_measured_and_answered()
    {
        string numbers = Path.Combine(Tables, "numbers.npz");
        ProcessResult trained = Done("train", "--dataset", numbers, "--json", "--out", "numbers");
        Assert.Contains("target y, a regression; test rows from x_test", trained.Error, StringComparison.Ordinal);
        Assert.True(trained.Json.GetProperty("metrics").GetProperty("r2").GetDouble() > 0.8, trained.Output);
        Assert.Equal(10, Done("evaluate", "numbers", "--json").Json.GetProperty("rows").GetInt32());
        Assert.Equal(30, Done("evaluate", "numbers", "--dataset", $"{numbers}/x_train", "--json").Json.GetProperty("rows").GetInt32());
        Assert.Equal(10, Done("predict", "numbers", numbers, "--json").Json.GetProperty("predictions").GetArrayLength());
    }

    [Fact]
    public void An_archive_and_a_pipe_are_prepared_to_the_bits_of_the_files()
    {
        string[] options = ["--epochs", "3", "--batch-size", "8", "--json"];
        string numbers = Path.Combine(Tables, "numbers.npz");
        Done("data", "prepare", numbers, "-o", "prepared");
        string direct = Done(["train", "--dataset", numbers, "--out", "direct", .. options]).Field("weightsSha256");
        Assert.Equal(direct, Done(["train", "--dataset", "prepared", "--out", "mapped", .. options]).Field("weightsSha256"));
        ProcessResult images = Run("data", "prepare", Path.Combine(Tables, "colours.npz"), "-o", "images");
        Assert.Equal(2, images.ExitCode);
        Assert.Contains("holds images, which train reads as they are", images.Error, StringComparison.Ordinal);

        string table = Path.Combine(Tables, "mixed.csv");
        string fifo = _directory["table.fifo"];
        using (var make = System.Diagnostics.Process.Start("mkfifo", fifo))
        {
            make.WaitForExit();
        }

        using var writer = System.Diagnostics.Process.Start("cp", [table, fifo]);
        ProcessResult piped = Done(["train", "--dataset", fifo, "--out", "piped", .. options]);
        writer.WaitForExit();
        Assert.Equal(Done(["train", "--dataset", table, "--out", "file", .. options]).Field("weightsSha256"), piped.Field("weightsSha256"));
    }

    [Fact]
    public void A_numpy_archive_of_images_trains_as_pixels_and_answers_an_image()
    {
        ProcessResult trained = Done("train", "--dataset", Path.Combine(Tables, "colours.npz"), "--epochs", "2", "--batch-size", "4", "--json", "--out", "colours");
        Assert.Contains("target train_labels, 3 classes; images of 2 × 2 pixels, RGB", trained.Error, StringComparison.Ordinal);
        JsonElement answer = Done("predict", "colours", Png("one.png", 2, 2, SKColors.Red), "--json").Json.GetProperty("predictions")[0];
        Assert.Contains(answer.GetProperty("className").GetString(), (string[])["ant", "bee", "cat"]);
        Assert.Equal(4, Done("evaluate", "colours", "--json").Json.GetProperty("rows").GetInt32());
    }

    [Fact]
    public void A_directory_of_images_is_trained_measured_by_class_name_and_its_images_are_answered()
    {
        (string Name, SKColor Colour)[] classes = [("sky", SKColors.LightBlue), ("grass", SKColors.ForestGreen), ("brick", SKColors.Firebrick)];
        foreach ((string name, SKColor colour) in classes)
        {
            for (int i = 0; i < 20; i++)
            {
                Png($"pictures/{name}/{i:00}.png", 8, 6, new((byte)(colour.Red * (80 + i) / 100), (byte)(colour.Green * (80 + i) / 100), colour.Blue));
            }
        }

        ProcessResult trained = Done("train", "--dataset", "pictures", "--image-size", "4x3", "--json", "--out", "run");
        Assert.Contains("3 classes; 60 training images of 4 × 3 pixels, RGB", trained.Error, StringComparison.Ordinal);
        Assert.True(trained.Json.GetProperty("metrics").GetProperty("accuracy").GetDouble() > 0.9, trained.Output);
        Assert.Equal(12, Done("evaluate", "run", "--json").Json.GetProperty("rows").GetInt32());

        // The images of training, at another size and in a directory with fewer classes.
        Png("others/grass/a.png", 40, 30, SKColors.ForestGreen);
        Png("others/sky/b.png", 8, 6, SKColors.LightBlue);
        JsonElement measured = Done("evaluate", "run", "--dataset", "others", "--json").Json;
        Assert.Equal((2, 1.0), (measured.GetProperty("rows").GetInt32(), measured.GetProperty("accuracy").GetDouble()));
        JsonElement answers = Done("predict", "run", "others/grass/a.png", "pictures/brick/00.png", "--json").Json.GetProperty("predictions");
        Assert.Equal(["grass", "brick"], answers.EnumerateArray().Select(answer => answer.GetProperty("className").GetString()));
        Assert.Equal(1, answers[0].GetProperty("probabilities").EnumerateArray().Sum(value => value.GetDouble()), 1e-5);
        Assert.StartsWith("others/sky/b.png: sky (", Done("predict", "run", "others/sky/b.png").Output, StringComparison.Ordinal);
    }

    /// <summary>Dark bars on light paper, which images of MNIST never are: the bytes must reach the network as they are in the files.</summary>
    [Fact]
    public void An_idx_directory_of_ones_own_trains_with_the_defaults_and_its_images_are_answered_as_files_and_as_an_archive()
    {
        const int Width = 10;
        const int Height = 6;
        byte[][] images = [.. Enumerable.Range(0, 150).Select(i => Enumerable.Range(0, Width * Height)
            .Select(pixel => (byte)(pixel / Width is 2 or 3 ? (i % 3 * 60) + (i % 7) : 250 - (i % 5))).ToArray())];
        WriteIdx("own/train-images-idx3-ubyte", [120, Height, Width], [.. images[..120].SelectMany(image => image)]);
        WriteIdx("own/train-labels-idx1-ubyte", [120], [.. Enumerable.Range(0, 120).Select(i => (byte)(i % 3))]);
        WriteIdx("own/t10k-images-idx3-ubyte", [30, Height, Width], [.. images[120..].SelectMany(image => image)]);
        WriteIdx("own/t10k-labels-idx1-ubyte", [30], [.. Enumerable.Range(120, 30).Select(i => (byte)(i % 3))]);
        Done("train", "--dataset", "own", "--json", "--out", "run");
        Assert.Equal(1, Done("evaluate", "run", "--json").Json.GetProperty("accuracy").GetDouble());

        string[] files = [.. Enumerable.Range(120, 30).Select(i => $"images/{i}.png")];
        foreach (int i in Enumerable.Range(120, 30))
        {
            Draw($"images/{i}.png", Width, Height, pixel => new(images[i][pixel], images[i][pixel], images[i][pixel]));
        }

        JsonElement answers = Done(["predict", "run", .. files, "--json"]).Json.GetProperty("predictions");
        Assert.Equal(Enumerable.Range(120, 30).Select(i => i % 3), answers.EnumerateArray().Select(answer => answer.GetProperty("class").GetInt32()));
        Refused("--image-size is for directories of images", "train", "--dataset", "own", "--image-size", "3x3");

        Done("train", "--dataset", Path.Combine(Tables, "colours.npz"), "--epochs", "2", "--batch-size", "4", "--json", "--out", "colours");
        answers = Done("predict", "colours", Path.Combine(Tables, "colours.npz"), "--json").Json.GetProperty("predictions");
        Assert.Equal(4, answers.GetArrayLength());
        Assert.EndsWith("colours.npz/test_images row 4", answers[3].GetProperty("image").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_number_of_workers_gives_the_same_bits_for_images()
    {
        foreach (string name in (string[])["a", "b"])
        {
            for (int i = 0; i < 12; i++)
            {
                Png($"pictures/{name}/{i}.png", 5, 5, new((byte)(i * 20), (byte)(name[0] * 2), 9));
            }
        }

        string[] hashes = [.. ((string[][])[["train", "--workers", "1"], ["train", "--workers", "3"], ["launch", "--workers", "2"]]).Select((run, i) => Done(
            [.. run, "--dataset", "pictures", "--shards", "4", "--batch-size", "8", "--epochs", "3", "--json", "--out", $"run{i}"]).Field("weightsSha256"))];
        Assert.Single(hashes.Distinct());
    }

    [Fact]
    public void The_first_line_is_names_or_a_row_as_asked()
    {
        File.WriteAllLines(_directory["years.csv"], ["2019,2020,kind", .. Enumerable.Range(0, 40).Select(i => string.Create(CultureInfo.InvariantCulture, $"{i},{i % 7},{(i < 20 ? "a" : "b")}"))]);
        Done("train", "--dataset", "years.csv", "--header", "yes", "--epochs", "2", "--json", "--out", "years");
        Assert.Equal(40, Done("evaluate", "years", "--dataset", "years.csv", "--json").Json.GetProperty("rows").GetInt32());
        File.WriteAllLines(_directory["words.csv"], Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? "red,a" : "blue,b"));
        Done("train", "--dataset", "words.csv", "--header", "no", "--epochs", "2", "--json", "--out", "words");
        Assert.Equal(40, Done("evaluate", "words", "--dataset", "words.csv", "--json").Json.GetProperty("rows").GetInt32());
        Assert.Equal(40, Done("predict", "words", "words.csv", "--json").Json.GetProperty("predictions").GetArrayLength());
    }

    [Theory]
    [InlineData("train --dataset pictures", "--image-size")]
    [InlineData("train --dataset pictures --image-size 5", "--image-size 5: expected a width and a height in pixels")]
    [InlineData("train --dataset pictures --target kind --image-size 2x2", "--target is for tables")]
    [InlineData("train --dataset table.csv --image-size 2x2", "--image-size is for directories of images")]
    [InlineData("train --dataset table.xlsx", "table.xlsx is an SQLite database; export the table as CSV or Parquet")]
    [InlineData("train --dataset table.csv --header maybe", "--header maybe: expected one of auto, yes, no")]
    public void What_cannot_be_used_is_one_line_and_exit_code_2(string command, string message)
    {
        Png("pictures/a/1.png", 3, 2, SKColors.Red);
        Png("pictures/b/1.png", 2, 3, SKColors.Blue);
        File.WriteAllLines(_directory["table.csv"], Enumerable.Range(0, 20).Select(i => $"{i},{(i % 2 == 0 ? "a" : "b")}"));
        File.WriteAllText(_directory["table.xlsx"], "SQLite format 3\0");
        ProcessResult result = Run(command.Split(' '));
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', result.Error);
    }

    private string Png(string name, int width, int height, SKColor colour)
    {
        using var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        bitmap.Erase(colour);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        _directory.Write(name, data.ToArray());
        return name;
    }

    private void Draw(string name, int width, int height, Func<int, SKColor> colour)
    {
        using var bitmap = new SKBitmap(width, height) { Pixels = [.. Enumerable.Range(0, width * height).Select(colour)] };
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        _directory.Write(name, data.ToArray());
    }

    private void WriteIdx(string name, int[] dimensions, byte[] elements)
    {
        byte[] sizes = [.. dimensions.SelectMany(size => new[] { (byte)(size >> 24), (byte)(size >> 16), (byte)(size >> 8), (byte)size })];
        _directory.Write(name, [0, 0, 8, (byte)dimensions.Length, .. sizes, .. elements]);
    }

    private void Refused(string message, params string[] arguments)
    {
        ProcessResult result = Run(arguments);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }

    private ProcessResult Done(params string[] arguments)
    {
        ProcessResult result = Run(arguments);
        Assert.True(result.ExitCode == 0, result.Error);
        return result;
    }

    private ProcessResult Run(params string[] arguments)
    {
        using var process = new NnClusterProcess(arguments, directory: _directory.Path);
        return process.Wait();
    }
}
