using System.Text;
using System.Xml.Linq;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Cli.Tests.Commands;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;
using ScottPlot;
using SkiaSharp;

namespace NnCluster.Cli.Tests.Reporting;

public sealed class LearningCurvesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nncluster-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void A_figure_has_both_panels_with_text_and_curves()
    {
        string path = Path.Combine(_directory, "curves.png");

        LearningCurves.Draw("mnist", History(epochs: 3, stepsPerEpoch: 50), path, 700, 550);

        using SKBitmap image = SKBitmap.Decode(path);
        Assert.Equal((700, 550), (image.Width, image.Height));
        foreach (int top in (int[])[0, 275])
        {
            // Title row, axis labels at the left, curves in the middle.
            Assert.True(InkIn(image, 150, top, 650, top + 25) > 100, $"no title below row {top}");
            Assert.True(InkIn(image, 0, top + 40, 100, top + 240) > 100, $"no labels below row {top}");
            Assert.True(InkIn(image, 120, top + 40, 680, top + 200) > 500, $"no curve below row {top}");
        }
    }

    [Fact]
    public void Text_is_drawn_with_the_font_in_the_program()
    {
        FigureFont.Register();

        foreach (bool bold in (bool[])[false, true])
        {
            SKTypeface typeface = Fonts.GetTypeface(FigureFont.Family, bold, italic: false);
            Assert.StartsWith("Inter", typeface.FamilyName, StringComparison.Ordinal);
            Assert.All("Accuracy 0123456789.%−-()", character => Assert.True(typeface.ContainsGlyph(character), $"no glyph for {character}"));
        }
    }

    [Fact]
    public void An_svg_is_a_document_with_the_texts()
    {
        string path = Path.Combine(_directory, "curves.svg");

        LearningCurves.Draw([("adam", History(2, 30)), ("sgd", History(3, 30))], path);

        XDocument svg = XDocument.Parse(File.ReadAllText(path, Encoding.UTF8));
        string texts = string.Join('|', svg.Descendants().Where(element => element.Name.LocalName == "text").Select(element => element.Value.Trim()));
        Assert.Contains("Training loss", texts, StringComparison.Ordinal);
        Assert.Contains("Epoch", texts, StringComparison.Ordinal);
        Assert.Contains("sgd, test", texts, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(0, 1)]
    [InlineData(1, 5)]
    public void Runs_that_have_hardly_begun_can_be_drawn(int epochs, int steps)
    {
        byte[] image = LearningCurves.Png([("x", History(epochs, steps))], 300, 200);

        Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], image[..4]);
    }

    [Fact]
    public void A_diverged_run_and_a_regression_can_be_drawn()
    {
        var history = new RunHistory();
        history.Observe(new StepCompleted(1, 0.5, 0, float.NaN, 0.1f, 1, 0.01));
        history.Observe(new StepCompleted(2, 1, 1e30f, float.NaN, 0.1f, 1, 0.01));
        history.Observe(new StepCompleted(3, 1.5, float.NaN, float.NaN, 0.1f, 1, 0.01));
        history.Observe(new StepCompleted(4, 2, float.PositiveInfinity, float.NaN, 0.1f, 1, 0.01));
        history.Observe(new EpochCompleted(1, 2, 0.5f, float.NaN, new(0.5, double.NaN, 10), null, null, 0.1));
        history.Observe(new EpochCompleted(2, 4, float.NaN, float.NaN, new(double.NaN, double.NaN, 10), null, null, 0.2));

        string svg = Encoding.UTF8.GetString(LearningCurves.Svg([("x", history)], 600, 500));

        Assert.Contains("Loss per epoch", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_ending_or_no_run_or_an_unwritable_path_is_an_error_of_its_own()
    {
        (string, RunHistory)[] runs = [("x", History(1, 1))];
        Assert.Throws<BadInputException>(() => LearningCurves.Draw(runs, Path.Combine(_directory, "curves.gif")));
        Assert.Throws<BadInputException>(() => LearningCurves.Draw([], Path.Combine(_directory, "curves.png")));
        Assert.Throws<RunDirectoryException>(() => LearningCurves.Draw(runs, Path.Combine(_directory, "none", "curves.png")));
    }

    [Fact]
    public void Thinning_keeps_spikes_and_every_finite_point_of_a_short_run()
    {
        StepPoint[] points = [.. Enumerable.Range(1, 10_000).Select(step => new StepPoint(step, step == 7777 ? 9f : step == 5 ? float.NaN : 1f, 0))];

        List<Coordinates> thinned = SeriesThinning.Dots(points, 1000);
        Assert.InRange(thinned.Count, 900, 1001);
        Assert.Contains(new Coordinates(7777, 9), thinned);
        Assert.Equal(9_999, SeriesThinning.Dots(points, 10_000).Count);
    }

    [Fact]
    public void Means_are_of_neighbours_and_leave_out_what_is_no_number()
    {
        StepPoint[] points = [new(1, 1, 0), new(2, 3, 0), new(3, float.NaN, 0), new(4, 5, 0), new(5, float.NaN, 0)];

        Assert.Equal([new(1.5, 2), new(3.5, 5)], SeriesThinning.Means(points, 3));
    }

    private static RunHistory History(int epochs, int stepsPerEpoch)
    {
        var history = new RunHistory();
        for (int step = 1; step <= Math.Max(epochs, 1) * stepsPerEpoch; step++)
        {
            history.Observe(new StepCompleted(step, (double)step / stepsPerEpoch, 2f / step, 0.5f, 0.001f, 1, 0.001));
            if (step % stepsPerEpoch == 0 && step / stepsPerEpoch <= epochs)
            {
                int epoch = step / stepsPerEpoch;
                history.Observe(new EpochCompleted(epoch, step, 0.3f / epoch, 1 - (0.1f / epoch), new(0.2, 0.98 - (0.05 / epoch), 100), null, null, 1));
            }
        }

        return history;
    }

    /// <summary>The number of pixels that are not nearly white.</summary>
    private static int InkIn(SKBitmap image, int left, int top, int right, int bottom)
    {
        int ink = 0;
        for (int y = top; y < bottom; y++)
        {
            for (int x = left; x < right; x++)
            {
                SKColor pixel = image.GetPixel(x, y);
                ink += pixel.Red + pixel.Green + pixel.Blue < 600 ? 1 : 0;
            }
        }

        return ink;
    }
}
