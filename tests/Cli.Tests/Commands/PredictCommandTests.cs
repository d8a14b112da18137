using System.Text.Json.Nodes;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Optimization;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;
using SkiaSharp;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>A network learns printed digits from images framed as <c>predict</c> frames them, then reads others.</summary>
[Collection(ExploreConsole.Collection)]
public sealed class PredictCommandTests(PredictCommandTests.Digits digits) : IClassFixture<PredictCommandTests.Digits>
{
    [Theory]
    [InlineData(false, 1, 0)]
    [InlineData(true, 1, 0)]
    [InlineData(true, 3, 0)]
    [InlineData(false, 10, 45)]
    [InlineData(true, 10, 45)]
    public async Task Test_rows_drawn_as_images_are_predicted_as_the_rows_are(bool blackOnWhite, int scale, int shift)
    {
        string[] images = [.. Enumerable.Range(0, 20).Select(row => digits.DrawRow(row, blackOnWhite, scale, shift))];

        (int exit, string output, _) = await ExploreConsole.RunAsync(["predict", digits.Run, .. images, "--json"]);

        Assert.Equal(0, exit);
        JsonArray predictions = JsonNode.Parse(output)!["predictions"]!.AsArray();
        Assert.Equal(digits.Data.Test.Labels[..20].ToArray(), predictions.Select(prediction => (int)prediction!["class"]!));
        Assert.All(predictions, prediction => Assert.Equal(1, prediction!["probabilities"]!.AsArray().Sum(p => (double)p!), 1e-5));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_image_of_the_data_set_s_size_is_taken_pixel_by_pixel(bool blackOnWhite)
    {
        float[] row = digits.Row(7);

        Assert.Equal(row, digits.Frame.Read(digits.DrawRow(7, blackOnWhite, scale: 1, shift: 0)));
    }

    [Fact]
    public void A_larger_image_comes_back_to_the_same_place_and_size()
    {
        for (int i = 0; i < 20; i++)
        {
            float[] row = digits.Row(i);
            float[] read = digits.Frame.Read(digits.DrawRow(i, blackOnWhite: true, scale: 10, shift: 33));
            double difference = row.Zip(read, (a, b) => Math.Abs(a - b)).Average();
            Assert.True(difference < 0.03, $"row {i}: mean difference {difference}");
        }
    }

    [Fact]
    public void The_ink_fills_a_box_of_20_and_its_centre_of_mass_is_the_middle()
    {
        float[] pixels = digits.Frame.Read(digits.DrawGlyph("1", 300, 200, size: 90, x: 20, y: 110));

        int[] rows = [.. Enumerable.Range(0, 28).Where(y => pixels.AsSpan(28 * y, 28).ContainsAnyInRange(0.05f, 1f))];
        Assert.InRange(rows[^1] - rows[0] + 1, 19, 20);
        double mass = pixels.Sum();
        Assert.InRange(pixels.Select((value, i) => value * ((i % 28) + 0.5)).Sum() / mass, 13.4, 14.6);
        Assert.InRange(pixels.Select((value, i) => value * ((i / 28) + 0.5)).Sum() / mass, 13.4, 14.6);
    }

    [Fact]
    public async Task People_read_the_class_and_its_probability()
    {
        string image = digits.DrawGlyph("4", 200, 200, size: 120, x: 60, y: 150);

        (_, string output, _) = await ExploreConsole.RunAsync("predict", digits.Run, image);

        Assert.StartsWith($"{image}: 4 (", output, StringComparison.Ordinal);
        Assert.Contains(" %); then ", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_predicted_is_named()
    {
        string cut = Path.Combine(digits.Directory, "cut.png");
        byte[] whole = File.ReadAllBytes(digits.DrawRow(3, blackOnWhite: true, scale: 4, shift: 2));
        File.WriteAllBytes(cut, whole[..(whole.Length * 2 / 3)]);
        Assert.Contains("is an image that is damaged", (await ExploreConsole.RunAsync("predict", digits.Run, cut)).Error, StringComparison.Ordinal);
        string emptyOfTheSize = digits.DrawGlyph(" ", 28, 28, size: 20, x: 5, y: 20);
        Assert.Contains("shows nothing", (await ExploreConsole.RunAsync("predict", digits.Run, emptyOfTheSize)).Error, StringComparison.Ordinal);
        string blank = digits.DrawGlyph(" ", 50, 50, size: 20, x: 10, y: 30);
        string text = Path.Combine(digits.Directory, "text.png");
        File.WriteAllText(text, "no image");

        Assert.Contains("shows nothing", (await ExploreConsole.RunAsync("predict", digits.Run, blank)).Error, StringComparison.Ordinal);
        Assert.Contains("is no image", (await ExploreConsole.RunAsync("predict", digits.Run, text)).Error, StringComparison.Ordinal);
        Assert.Contains("no such image", (await ExploreConsole.RunAsync("predict", digits.Run, "none.png")).Error, StringComparison.Ordinal);
        Assert.Contains("no square image", Assert.Throws<BadInputException>(() => ImageFrame.For("points.csv", 10, "model")).Message, StringComparison.Ordinal);
        Assert.Equal(2, (await ExploreConsole.RunAsync("predict", digits.Run)).ExitCode);
    }

    [Fact]
    public async Task Good_images_are_answered_beside_a_bad_one()
    {
        string[] images = [digits.DrawRow(0, blackOnWhite: true, scale: 3, shift: 0), "none.png", digits.DrawRow(1, blackOnWhite: true, scale: 3, shift: 0)];
        (int exit, string output, string error) = await ExploreConsole.RunAsync(["predict", digits.Run, .. images, "--json"]);
        Assert.Equal((2, "none.png: there is no such image."), (exit, error.Trim()));
        JsonNode answers = JsonNode.Parse(output)!;
        Assert.Equal([images[0], images[2]], answers["predictions"]!.AsArray().Select(answer => (string)answer!["image"]!));
        Assert.Equal("none.png", (string)answers["errors"]![0]!["image"]!);
        (exit, output, _) = await ExploreConsole.RunAsync(["predict", digits.Run, .. images]);
        Assert.Equal((2, 2), (exit, output.Trim().Split('\n').Length));
    }

    [Fact]
    public void Known_sets_are_framed_as_their_authors_did()
    {
        Assert.Equal((28, 28, 20, true), Shape(ImageFrame.For("mnist", 784, "model")));
        ImageFrame fashion = ImageFrame.For("fashion-mnist", 784, "model");
        Assert.Equal((28, 28, 28, false), Shape(fashion));
        Assert.Equal("ankle boot", fashion.ClassNames[9]);

        static (int, int, int, bool) Shape(ImageFrame frame) => (frame.Width, frame.Height, frame.Box, frame.ByMass);
    }

    /// <summary>Printed digits in many sizes, a little turned, and a network trained on them.</summary>
    public sealed class Digits : IAsyncLifetime
    {
        private const int Variants = 30;
        private const int TestVariants = 6;

        public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("nncluster-test-").FullName;

        public string Run => Path.Combine(Directory, "run");

        internal Dataset Data { get; private set; } = null!;

        internal ImageFrame Frame { get; } = ImageFrame.For("digits", 784, "model");

        public async Task InitializeAsync()
        {
            FigureFont.Register();
            Data = new("digits", Split(0, Variants), Split(Variants, TestVariants), classes: 10, imageWidth: 28, imageHeight: 28);
            var blas = new SimdBlas();
            var spec = new RunSpec
            {
                Dataset = Data.Name,
                DatasetSha256 = Data.Sha256,
                Model = new() { Inputs = 784, Outputs = 10, Hidden = [new() { Units = 32 }] },
                Optimizer = new OptimizerSpec { LearningRate = 0.005 }.Resolve(),
                Epochs = 15,
                BatchSize = 50,
                Shards = 1,
                Seed = 1,
                Arithmetic = blas.Arithmetic,
            };
            using TrainingSession session = await TrainingSession.PrepareAsync(
                new() { Spec = spec, Data = Data, Blas = blas, Workers = 1, Settings = spec.SettingsFor(Data), Out = Run, Config = "{}" }, resume: null, new(), TimeProvider.System);
            (_, RunSummary summary) = await session.RunAsync(new RunHistory(), _ => { }, CancellationToken.None);
            Assert.Equal(1, summary.TestAccuracy);
        }

        public Task DisposeAsync()
        {
            System.IO.Directory.Delete(Directory, recursive: true);
            return Task.CompletedTask;
        }

        public float[] Row(int row)
        {
            float[] pixels = new float[784];
            Data.Test.Copy(row, 1, pixels);
            return pixels;
        }

        /// <summary>A test row as a PNG, each pixel a square of <paramref name="scale"/>, with a margin at the left and the top.</summary>
        public string DrawRow(int row, bool blackOnWhite, int scale, int shift)
        {
            float[] pixels = Row(row);
            int side = (28 * scale) + shift;
            var drawn = new SKColor[side * side];
            for (int y = 0; y < side; y++)
            {
                for (int x = 0; x < side; x++)
                {
                    bool inside = x >= shift && y >= shift;
                    byte grey = inside ? (byte)MathF.Round(255 * pixels[((y - shift) / scale * 28) + ((x - shift) / scale)]) : (byte)0;
                    grey = blackOnWhite ? (byte)(255 - grey) : grey;
                    drawn[(y * side) + x] = new(grey, grey, grey);
                }
            }

            using var bitmap = new SKBitmap(side, side) { Pixels = drawn };
            return Save(bitmap);
        }

        /// <summary>A text in black on white, from its baseline at (x, y).</summary>
        public string DrawGlyph(string text, int width, int height, float size, float x, float y, float degrees = 0)
        {
            using var bitmap = new SKBitmap(width, height);
            using var canvas = new SKCanvas(bitmap);
            using var font = new SKFont(ScottPlot.Fonts.GetTypeface(FigureFont.Family, bold: false, italic: false), size);
            using var paint = new SKPaint { Color = SKColors.Black, IsAntialias = true };
            canvas.Clear(SKColors.White);
            canvas.RotateDegrees(degrees, x, y);
            canvas.DrawText(text, x, y, font, paint);
            canvas.Flush();
            return Save(bitmap);
        }

        private DataSplit Split(int first, int variants)
        {
            byte[] pixels = new byte[10 * variants * 784];
            int[] labels = new int[10 * variants];
            for (int i = 0; i < labels.Length; i++)
            {
                labels[i] = i % 10;
                int variant = first + (i / 10);
                float degrees = (variant * 7 % 25) - 12;
                string path = DrawGlyph($"{labels[i]}", 120, 120, 40 + (variant * 5 % 30), 40, 80, degrees);
                float[] row = Frame.Read(path);
                for (int j = 0; j < row.Length; j++)
                {
                    pixels[(i * 784) + j] = (byte)MathF.Round(255 * row[j]);
                }
            }

            return DataSplit.Classification(FeatureMatrix.FromBytes(pixels, 784), labels);
        }

        private string Save(SKBitmap bitmap)
        {
            string path = Path.Combine(Directory, $"{Guid.NewGuid():N}.png");
            using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
            File.WriteAllBytes(path, data.ToArray());
            return path;
        }
    }
}
