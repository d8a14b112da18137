using System.Runtime.InteropServices;
using System.Text.Json;
using NnCluster.Cli.Chaos;
using NnCluster.Cli.Commands;
using NnCluster.Cli.Explore;
using NnCluster.Cli.Launching;
using NnCluster.Cli.Options;
using NnCluster.Cli.Reporting;
using NnCluster.Control;
using NnCluster.Coordinator;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Testing;
using NnCluster.Training;
using NnCluster.Worker;

namespace NnCluster.Cli.Tests.Commands;

/// <summary>Exported models of real runs: the same answers in another program.</summary>
[Collection(ExploreConsole.Collection)]
public sealed class ExportCommandTests(ExportCommandTests.Runs runs) : IClassFixture<ExportCommandTests.Runs>
{
    [Fact]
    public async Task All_test_images_get_the_class_and_the_probabilities_of_the_predictor()
    {
        string data = Environment.GetEnvironmentVariable("NNCLUSTER_DATA") is { } directory
            && File.Exists(Path.Combine(directory, "t10k-images-idx3-ubyte")) ? directory : NnClusterProcess.MnistRows;
        Dataset images = await new DatasetStore(new()).OpenAsync(data);
        byte[] pixels = images.Test.Matrix.AllBytes().ToArray();
        float[] features = new float[pixels.Length];
        images.Test.Copy(0, images.Test.Rows, features);
        using var predictor = Predictor.Load(runs.Images);
        float[] expected = new float[images.Test.Rows * 10];
        predictor.Predict(features, images.Test.Rows, expected);

        using var model = new OnnxRun(Path.Combine(runs.Images, "model.onnx"));
        Assert.Equal(typeof(byte), model.Inputs["pixels"].Type);
        OnnxAnswer answer = model.Run(pixels, images.Test.Rows);

        for (int i = 0; i < images.Test.Rows; i++)
        {
            Assert.Equal($"{Classification.ArgMax(expected.AsSpan(i * 10, 10))}", answer.Labels![i]);
        }

        Assert.All(expected.Zip(answer.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public async Task All_rows_of_a_table_get_the_answers_of_predict()
    {
        (int exit, string output, string error) = await ExploreConsole.RunAsync("predict", runs.Table, runs.Csv, "--json");
        Assert.True(exit == 0, error);
        JsonElement[] predictions = [.. JsonDocument.Parse(output).RootElement.GetProperty("predictions").EnumerateArray()];
        string path = runs.Directory["table.onnx"];
        Assert.Equal(0, (await ExploreConsole.RunAsync("export", runs.Table, "-o", path)).ExitCode);
        string[][] lines = [.. File.ReadLines(runs.Csv).Select(line => line.Split(','))];
        using var model = new OnnxRun(path);

        OnnxAnswer answer = model.Run(lines[0], lines[1..]);

        Assert.Equal(predictions.Select(prediction => prediction.GetProperty("prediction").GetString()), answer.Labels!);
        string[] classes = JsonSerializer.Deserialize<string[]>(model.Metadata["classNames"])!;
        double[] expected =
            [.. predictions.SelectMany(prediction => classes.Select(name => prediction.GetProperty("probabilities").GetProperty(name).GetDouble()))];
        Assert.All(expected.Zip(answer.Values), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        Assert.Equal(File.ReadAllBytes(Path.Combine(runs.Table, "model.onnx")), File.ReadAllBytes(path));
    }

    [Theory]
    [InlineData("exported.onnx", "onnx")]
    [InlineData("EXPORTED.SAFETENSORS", "safetensors")]
    public async Task The_extension_names_the_format_and_json_tells_what_was_written(string name, string format)
    {
        string path = runs.Directory.Write(name, "old");
        (int exit, string output, string error) = await ExploreConsole.RunAsync("export", runs.Images, "-o", path, "--json");
        Assert.True(exit == 0, error);
        JsonElement result = JsonDocument.Parse(output).RootElement;
        Assert.Equal((path, format), (result.GetProperty("path").GetString(), result.GetProperty("format").GetString()));
        Assert.Equal(new FileInfo(path).Length, result.GetProperty("bytes").GetInt64());
        using var summary = JsonDocument.Parse(File.ReadAllText(Path.Combine(runs.Images, "summary.json")));
        Assert.Equal(summary.RootElement.GetProperty("weightsSha256").GetString(), result.GetProperty("weightsSha256").GetString());
    }

    [Fact]
    public async Task A_checkpoint_becomes_the_model_of_its_run()
    {
        string checkpoint = new RunPaths(runs.Table).Checkpoints()[^1].Path;
        string path = runs.Directory["from-checkpoint"];
        Assert.Equal(0, (await ExploreConsole.RunAsync("export", checkpoint, "--format", "safetensors", "-o", path)).ExitCode);
        SafeTensorsFile exported = SafeTensorsFile.Read(path, requireDigest: true);
        SafeTensorsFile model = SafeTensorsFile.Read(Path.Combine(runs.Table, "model.safetensors"));
        Assert.Equal(model.Digest, exported.Digest);
        Assert.Equal(
            (await ExploreConsole.RunAsync("predict", runs.Table, runs.Csv)).Output,
            (await ExploreConsole.RunAsync("predict", path, runs.Csv)).Output);
    }

    [Fact]
    public async Task A_failed_export_ends_with_one_line_and_leaves_no_file()
    {
        string here = Path.Combine(runs.Images, "model.safetensors");
        string torch = Path.Combine(AppContext.BaseDirectory, "fixtures", "torch-after.safetensors");
        string nowhere = Path.Combine(runs.Directory["none"], "m.onnx");
        await AssertRefused($"--output {here}: is the model that is read; give another file.", runs.Images, "-o", here);
        await AssertRefused($"--output {runs.Images}: is a directory; give a file.", runs.Images, "-o", runs.Images);
        await AssertRefused(
            $"--output {nowhere}: there is no directory {runs.Directory["none"]}; create it, or give another file.", runs.Images, "-o", nowhere);
        await AssertRefused("--output is missing: expected the file to write, such as -o model.onnx.", runs.Images);
        await AssertRefused("--output: is empty; expected a value. See: nncluster export --help", runs.Images, "-o", " ");
        await AssertRefused("m.bin: its extension names no format; end it with .onnx or .safetensors, or give --format.", runs.Images, "-o", "m.bin");
        string noModel = $"{torch}: is no model of this program: its metadata has no 'modelSpec', which describes the network; "
            + "train --init-from takes its tensors for a network that the other options describe";
        foreach (string name in (string[])["m.onnx", "m.safetensors"])
        {
            await AssertRefused(noModel, torch, "-o", runs.Directory[name]);
            Assert.False(File.Exists(runs.Directory[name]));
        }

        Assert.Equal(noModel, (await ExploreConsole.RunAsync("evaluate", torch)).Error.Trim());

        static async Task AssertRefused(string expected, params string[] arguments)
        {
            (int exit, string output, string error) = await ExploreConsole.RunAsync(["export", .. arguments]);
            Assert.Equal((2, "", expected), (exit, output, error.Trim()));
        }
    }

    [LinuxFact]
    public void A_model_onnx_that_cannot_be_written_is_one_line_and_the_run_succeeds()
    {
        string directory = runs.Directory["obstructed"];
        using var process = new NnClusterProcess(
            ["train", "--dataset", runs.Csv, "--epochs", "100000", "--checkpoint-every", "1000000", "--out", directory, "--json"]);
        process.Follow.WaitForEpoch(1);
        // While it trains, the program has not loaded the library for ONNX.
        string maps = File.ReadAllText($"/proc/{process.Id}/maps");
        Assert.Contains("NnCluster.Core", maps, StringComparison.Ordinal);
        Assert.DoesNotContain("Google.Protobuf", maps, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(directory, "model.onnx", "in the way"));
        process.Signal(PosixSignal.SIGINT);
        ProcessResult result = process.Wait();
        Assert.Equal(130, result.ExitCode);
        Assert.Contains($"model.onnx was not written: {Path.Combine(directory, "model.onnx")}: cannot be written", result.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(directory, "model.safetensors")));
        Assert.True(File.Exists(Path.Combine(directory, "summary.json")));
    }

    /// <summary>A run on images and a run on a table.</summary>
    public sealed class Runs : IAsyncLifetime
    {
        internal TemporaryDirectory Directory { get; } = new();

        public string Images => Directory["images"];

        public string Table => Directory["table"];

        public string Csv => Directory["flowers.csv"];

        public Task InitializeAsync()
        {
            var random = new Random(1);
            string[] colours = ["red", "white", "", "blue"];
            string[] rows = [.. Enumerable.Range(0, 300).Select(i => FormattableString.Invariant(
                $"{(i % 7 == 0 ? "" : $"{random.NextDouble() * 10:R}")},{colours[random.Next(4)]},{1.7e9 + random.Next(100000)},{"abc"[random.Next(3)]}"))];
            File.WriteAllLines(Csv, ["length,colour,time,kind", .. rows]);
            AssertDone(NnClusterProcess.Run("train", "--dataset", NnClusterProcess.MnistRows, "--epochs", "2", "--hidden", "32", "--out", Images));
            AssertDone(NnClusterProcess.Run("train", "--dataset", Csv, "--epochs", "5", "--out", Table));
            return Task.CompletedTask;
        }

        public Task DisposeAsync()
        {
            Directory.Dispose();
            return Task.CompletedTask;
        }

        private static void AssertDone(ProcessResult result) => Assert.True(result.ExitCode == 0, result.Error);
    }
}
