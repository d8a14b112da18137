using CsCheck;
using NnCluster.Data;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Shared.Tests.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

/// <summary>ONNX Runtime answers every row of whole data sets as the predictor does.</summary>
public sealed class OnnxNetworkTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    public static TheoryData<ActivationKind, bool, LossKind> Layers
    {
        get
        {
            var layers = new TheoryData<ActivationKind, bool, LossKind>();
            foreach (ActivationKind activation in Enum.GetValues<ActivationKind>())
            {
                foreach (LossKind loss in Enum.GetValues<LossKind>())
                {
                    layers.Add(activation, false, loss);
                    layers.Add(activation, true, loss);
                }
            }

            return layers;
        }
    }

    [Theory]
    [MemberData(nameof(Layers))]
    public void Every_activation_batch_norm_and_loss_give_the_predictor_s_outputs(ActivationKind activation, bool batchNorm, LossKind loss) =>
        AssertAgree(new()
        {
            Inputs = 7,
            Outputs = 4,
            Hidden = [new() { Units = 9, Activation = activation, BatchNorm = batchNorm, Dropout = 0.5f }, new() { Units = 5, Activation = activation, BatchNorm = batchNorm }],
            InputDropout = 0.2f,
            InputNoise = 0.1f,
            Loss = loss,
        }, rows: 300, seed: 1);

    [Fact]
    public void Layers_in_any_order_and_without_hidden_blocks_are_exported()
    {
        AssertAgree(new() { Inputs = 3, Outputs = 2, Hidden = [] }, rows: 100, seed: 2);
        AssertAgree(new() { Inputs = 3, Outputs = 1, Hidden = [], Loss = LossKind.MeanSquaredError }, rows: 100, seed: 3);
        AssertAgree(new()
        {
            Inputs = 3,
            Outputs = 3,
            Hidden =
            [
                new() { Units = 6, Layers = [new TanhSpec(), new BatchNormSpec(), new LeakyReluSpec { Slope = 0 }, new PreluSpec()] },
                new() { Units = 4, Layers = [] },
            ],
        }, rows: 100, seed: 4);
    }

    [Fact]
    public void Random_networks_agree() =>
        Gen.Select(Samples.Specs, Gen.Int[1, 40], Gen.Int).Sample(
            (spec, rows, seed) => AssertAgree(spec, rows, seed), iter: 40, threads: 1);

    [Fact]
    public void A_batch_has_any_number_of_rows_and_a_row_the_same_answer_in_each()
    {
        ModelSpec spec = new() { Inputs = 5, Outputs = 3, Hidden = [new() { Units = 8 }] };
        var samples = new Samples(spec, 64, seed: 5);
        using OnnxRun run = Save(spec, samples.State);
        OnnxAnswer all = run.Run(samples.Features, 64);
        OnnxAnswer one = run.Run(samples.Features[..5], 1);
        Assert.Equal(all.Labels![0], one.Labels!.Single());
        AssertClose(all.Values[..3], one.Values);
        Assert.Equal([-1, 5], run.Inputs["features"].Shape);
        Assert.Equal([-1, 3], run.Outputs["probabilities"].Shape);
        Assert.Equal([-1], run.Outputs["label"].Shape);
    }

    [Fact]
    public void The_same_model_gives_the_same_bytes()
    {
        ModelSpec spec = new() { Inputs = 5, Outputs = 3, Hidden = [new() { Units = 8 }] };
        var samples = new Samples(spec, 1, seed: 6);
        Save(spec, samples.State, "first").Dispose();
        Save(spec, samples.State, "second").Dispose();
        Assert.Equal(File.ReadAllBytes(_directory["first.onnx"]), File.ReadAllBytes(_directory["second.onnx"]));
    }

    [Fact]
    public void A_model_of_images_takes_bytes_and_names_the_classes()
    {
        const int rows = 2000;
        var random = new Random(7);
        byte[] pixels = new byte[rows * 784];
        random.NextBytes(pixels);
        string[] names = ["T-shirt/top", "Größe", "鞋"];
        int[] labels = [.. Enumerable.Range(0, rows).Select(_ => random.Next(3))];
        DataSplit split = DataSplit.Classification(FeatureMatrix.FromBytes(pixels, 784), labels);
        var data = new Dataset("shoes", split, split, classes: 3, classNames: [.. names], imageWidth: 28, imageHeight: 28);
        ModelSpec spec = new() { Inputs = 784, Outputs = 3, Hidden = [new() { Units = 32, BatchNorm = true }] };
        var samples = new Samples(spec, 1, seed: 8);
        OnnxFile.Write(_directory["images.onnx"], new(spec, samples.State, null, ModelOrigin.Of(data)));

        using var run = new OnnxRun(_directory["images.onnx"]);
        Assert.Equal((typeof(byte), "pixels"), (run.Inputs.Single().Value.Type, run.Inputs.Single().Key));
        OnnxAnswer answer = run.Run(pixels, rows);
        float[] features = new float[rows * 784];
        split.Copy(0, rows, features);
        AssertClasses(spec, samples.State, features, rows, answer, names);
        Assert.Equal(names, System.Text.Json.JsonSerializer.Deserialize<string[]>(run.Metadata["classNames"])!);
        Assert.Equal("shoes", run.Metadata["dataset"]);
    }

    [Fact]
    public void The_metadata_tells_program_task_and_weights()
    {
        ModelSpec spec = new() { Inputs = 2, Outputs = 2, Hidden = [] };
        var samples = new Samples(spec, 1, seed: 9);
        using OnnxRun run = Save(spec, samples.State);
        Assert.Equal("NnCluster", run.Model.ProducerName);
        Assert.Equal("Classification, 2 classes.", run.Model.Description);
        Assert.Equal("classification", run.Metadata["task"]);
        Assert.Equal("1", run.Metadata["formatVersion"]);
        Assert.Equal(samples.Layout.Sha256(samples.State), run.Metadata["weightsSha256"]);
        Assert.DoesNotContain("target", run.Metadata.Keys);
    }

    private void AssertAgree(ModelSpec spec, int rows, int seed)
    {
        var samples = new Samples(spec, rows, seed);
        using OnnxRun run = Save(spec, samples.State);
        OnnxAnswer answer = run.Run(samples.Features, rows);
        if (spec.Loss == LossKind.CrossEntropy)
        {
            AssertClasses(spec, samples.State, samples.Features, rows, answer, [.. Enumerable.Range(0, spec.Outputs).Select(c => $"{c}")]);
            return;
        }

        Assert.Null(answer.Labels);
        Assert.Equal("prediction", run.Outputs.Keys.Single());
        AssertClose([.. Predict(spec, samples.State, samples.Features, rows).Select(value => (double)value)], answer.Values);
    }

    private static void AssertClasses(ModelSpec spec, float[] state, float[] features, int rows, OnnxAnswer answer, string[] names)
    {
        float[] expected = Predict(spec, state, features, rows);
        AssertClose([.. expected.Select(value => (double)value)], answer.Values);
        for (int i = 0; i < rows; i++)
        {
            float[] row = expected[(i * names.Length)..((i + 1) * names.Length)];
            string label = names[Classification.ArgMax(row)];
            // Rounding decides between classes whose probabilities differ by less than the tolerance.
            float best = row.Max();
            Assert.True(answer.Labels![i] == label || best - row[Array.IndexOf(names, answer.Labels[i])] < 1e-6, $"row {i}: {answer.Labels[i]}, not {label}");
        }
    }

    private static float[] Predict(ModelSpec spec, float[] state, float[] features, int rows)
    {
        using var predictor = new Predictor(spec, state);
        float[] outputs = new float[rows * spec.Outputs];
        predictor.Predict(features, rows, outputs);
        return outputs;
    }

    private OnnxRun Save(ModelSpec spec, float[] state, string name = "model")
    {
        using var predictor = new Predictor(spec, state);
        string path = _directory[name + ".onnx"];
        predictor.SaveOnnx(path);
        return new(path);
    }

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 * Math.Max(1, Math.Abs(expected[i])), $"[{i}]: expected {expected[i]}, got {actual[i]}");
        }
    }
}
