using System.Globalization;
using System.Text.Json.Nodes;
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
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Worker;
using ScottPlot;
using SkiaSharp;
using Spectre.Console.Testing;

namespace NnCluster.Cli.Tests.Explore;

public sealed class ExperimentTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nncluster-test-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task Activations_tells_the_saturation_of_each_function()
    {
        Findings findings = await RunAsync(new ActivationsExperiment());

        JsonNode largest = findings.Summary["largestDerivative"]!;
        Assert.Equal((0.25, 1.0), ((double)largest["sigmoid"]!, (double)largest["tanh"]!));
        Assert.True((double)findings.Summary["derivativeAt5"]!["sigmoid"]! < 0.01);
        Assert.True((double)findings.Summary["tanhMinusScaledSigmoid"]! < 1e-6);
        Assert.NotEqual(0.25, (double)findings.Summary["preluSlope"]!["learned"]!);
        Assert.Equal(2001, findings.Numbers["curves"]!["leaky-relu"]!["derivative"]!.AsArray().Count);
    }

    [Theory]
    [InlineData(SyntheticShape.Circles)]
    [InlineData(SyntheticShape.Moons)]
    public async Task Capacity_fits_better_and_overfits_more_with_more_neurons(SyntheticShape shape)
    {
        Findings findings = await RunAsync(new CapacityExperiment(), shape);

        JsonArray networks = findings.Summary["networks"]!.AsArray();
        Assert.Equal([3, 6, 20], networks.Select(network => (int)network!["neurons"]!));
        double[] trainLoss = [.. networks.Select(network => (double)network!["trainLoss"]!)];
        Assert.True(trainLoss[2] < trainLoss[1] && trainLoss[1] < trainLoss[0], string.Join(", ", trainLoss));
        Assert.True((double)networks[2]!["trainAccuracy"]! > (double)networks[0]!["trainAccuracy"]!);
        double[] overfit = [.. networks.Select(network => (double)network!["testLoss"]! - (double)network!["trainLoss"]!)];
        Assert.True(overfit[2] > overfit[0], string.Join(", ", overfit));
        Assert.All(networks, network => Assert.InRange((double)network!["testAccuracy"]!, 0.6, 0.99));
        Assert.All(networks, network => Assert.Equal(2, network!["trainLossOfRestarts"]!.AsArray().Count));
        Assert.Equal(120, findings.Numbers["points"]!.AsArray().Count);
        Assert.Equal(40, findings.Numbers["weights"]!["20 hidden neurons"]!["dense0.weight"]!.AsArray().Count);
    }

    [Fact]
    public async Task Regularisation_makes_weights_smaller_and_regions_smoother()
    {
        Findings findings = await RunAsync(new RegularisationExperiment());

        JsonArray networks = findings.Summary["networks"]!.AsArray();
        foreach (string falling in (string[])["weightNorm", "sharpness"])
        {
            double[] values = [.. networks.Select(network => (double)network![falling]!)];
            Assert.True(values[0] > values[1] && values[1] > values[2], $"{falling}: {string.Join(", ", values)}");
        }

        Assert.True((double)networks[2]!["testLoss"]! < (double)networks[0]!["testLoss"]!);
    }

    [Fact]
    public async Task Dropout_and_input_noise_learn_less_by_heart()
    {
        Findings findings = await RunAsync(new DropoutExperiment(), dataset: NoisyPoints());

        JsonArray runs = findings.Summary["runs"]!.AsArray();
        Assert.Equal(4, runs.Count);
        Assert.True((double)runs[0]!["trainLoss"]! < (double)runs[1]!["trainLoss"]!);
        Assert.True((double)runs[0]!["testLoss"]! > (double)runs[1]!["testLoss"]!);
        Assert.True((double)runs[0]!["gap"]! > (double)runs[2]!["gap"]!);
        Assert.True((double)runs[0]!["trainLoss"]! < (double)runs[3]!["trainLoss"]!);
        Assert.True((double)runs[0]!["testLoss"]! > (double)runs[3]!["testLoss"]!);
        Assert.True(File.Exists(Path.Combine(_directory, "dropout", "model.safetensors")), "the runs are run directories");
    }

    [Fact]
    public async Task Batch_norm_rescues_large_initial_weights()
    {
        Findings findings = await RunAsync(new BatchNormExperiment(), dataset: NoisyPoints());

        Dictionary<string, double> loss = findings.Summary["runs"]!.AsArray().ToDictionary(run => (string)run!["name"]!, run => (double)run!["testLoss"]!);
        Assert.Equal(6, loss.Count);
        Assert.True(loss["normal:1, batch norm"] < loss["normal:1"], string.Join(", ", loss));
    }

    [Fact]
    public async Task Optimizers_are_compared_at_their_default_and_at_their_best_learning_rate()
    {
        Findings findings = await RunAsync(new OptimizersExperiment(), dataset: NoisyPoints());

        Assert.Equal(7, findings.Summary["default"]!.AsArray().Count);
        JsonArray tuned = findings.Summary["tuned"]!.AsArray();
        Assert.All(tuned, run => Assert.InRange((double)run!["testAccuracy"]!, 0.6, 1.0));
        JsonObject search = findings.Summary["validationAccuracyByLearningRate"]!["sgd"]!.AsObject();
        Assert.Equal(["0.1", "1"], search.Select(entry => entry.Key));
        string best = (double)search["1"]! > (double)search["0.1"]! ? "sgd 1" : "sgd 0.1";
        Assert.Contains(tuned, run => (string)run!["name"]! == best);
    }

    /// <summary>Runs the quick form and looks at every figure.</summary>
    private async Task<Findings> RunAsync(IExperiment experiment, SyntheticShape shape = SyntheticShape.Circles, string dataset = "")
    {
        using var console = new TestConsole();
        var options = new ExperimentOptions { Directory = _directory, Quick = true, Shape = shape, Dataset = dataset, Workers = 1 };
        Findings findings = await experiment.RunAsync(new(options, console));
        Assert.NotEmpty(findings.Lines);
        Assert.NotEmpty(findings.Figures);
        Assert.All(findings.Figures, CheckFigure);
        return findings;
    }

    private static void CheckFigure(Figure figure)
    {
        using SKBitmap image = SKBitmap.Decode(FigureImage.Png(figure.Width, figure.Height, figure.Render));
        Assert.Equal((figure.Width, figure.Height), (image.Width, image.Height));
        HashSet<SKColor> colours = [.. image.Pixels];
        Assert.True(colours.Count > 50, $"{figure.Name} has {colours.Count} colours");
        using var svg = new MemoryStream(FigureImage.Svg(figure.Width, figure.Height, figure.Render));
        XElement[] elements = [.. XDocument.Load(svg).Descendants()];
        Assert.True(elements.Length > 50, $"{figure.Name}.svg has shapes");
        SKTypeface font = Fonts.GetTypeface(FigureFont.Family, bold: true, italic: false);
        Assert.All(
            elements.Where(element => element.Name.LocalName == "text").SelectMany(element => element.Value).Where(c => !char.IsWhiteSpace(c)).Distinct(),
            c => Assert.True(font.ContainsGlyph(c), $"{figure.Name} has a '{c}', which the font lacks"));
    }

    /// <summary>A CSV file: two noisy half moons and eight columns without meaning, which invite learning by heart.</summary>
    private string NoisyPoints()
    {
        const int rows = 420;
        Dataset moons = SyntheticData.Generate(SyntheticShape.Moons, rows, 0.3, seed: 5);
        Dataset nothing = SyntheticData.Generate(SyntheticShape.Circles, 4 * rows, 0.5, seed: 6);
        string path = Path.Combine(_directory, "points.csv");
        float[] point = new float[2];
        float[] noise = new float[8];
        File.WriteAllLines(path, Enumerable.Range(0, rows).Select(i =>
        {
            moons.Train.Copy(i, 1, point);
            nothing.Train.Copy(4 * i, 4, noise);
            return string.Join(',', point.Concat(noise).Select(value => value.ToString("R", CultureInfo.InvariantCulture))) + $",{moons.Train.Labels[i]}";
        }));
        return path;
    }
}
