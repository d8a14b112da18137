using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Shared.Tests.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

/// <summary>Parameters go to PyTorch and come from it by their names (tests/fixtures/make_exchange_fixtures.py, torch_outputs.py).</summary>
public sealed class PyTorchExchangeTests : IDisposable
{
    private static readonly ModelSpec Spec = new()
    {
        Inputs = 6,
        Outputs = 3,
        Hidden =
        [
            new() { Units = 8, BatchNorm = true, Activation = ActivationKind.Prelu },
            new() { Units = 5, BatchNorm = true, Activation = ActivationKind.Tanh },
        ],
    };

    private static readonly JsonElement Rows = JsonDocument.Parse(File.ReadAllText(Fixture("torch-model.json"))).RootElement;

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("F32")]
    [InlineData("F64")]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void A_state_dict_of_PyTorch_in_any_floating_point_type_gives_its_outputs(string type)
    {
        var layout = ParameterLayout.For(Spec);
        float[] state = new float[layout.StateLength];
        ModelDescription description = ModelFile.Read(Fixture($"torch-model-{type}.safetensors"), layout.Tensors, state);

        Assert.Null(description.ModelSpec);
        AssertClose(Numbers(Rows.GetProperty("outputs").GetProperty(type)), Predict(Spec, state, Features));
    }

    [Fact]
    public void The_counters_of_PyTorch_s_batch_norm_are_left_out()
    {
        SafeTensorsFile file = SafeTensorsFile.Read(Fixture("torch-model-F32.safetensors"));
        Assert.DoesNotContain(file.Tensors, tensor => tensor.Name.EndsWith("num_batches_tracked", StringComparison.Ordinal));
        Assert.Equal(["I64", "I64"], file.OtherTypes.Values);
    }

    [Fact]
    public void A_file_without_a_specification_says_what_is_missing()
    {
        string path = Fixture("torch-model-F32.safetensors");
        Assert.Equal(
            $"{path}: is no model of this program: its metadata has no 'modelSpec', which describes the network; "
            + "train --init-from takes its tensors for a network that the other options describe",
            Assert.Throws<BadInputException>(() => Predictor.Load(path)).Message);
    }

    [Theory]
    [InlineData("""{"dense0.weight":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}""", "has tensor 'dense0.weight' of type I64; expected F32, F64, F16 or BF16")]
    [InlineData("""{"0.weight":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", "has no tensor 'dense0.weight' of shape [8, 6], which this network needs; it has 0.weight [1]")]
    [InlineData("""{"dense0.weight":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", "has tensor 'dense0.weight' of shape [1]; this network needs [8, 6]")]
    public void A_tensor_that_does_not_fit_is_named(string header, string expected)
    {
        string path = Write(header, new byte[8]);
        BadInputException wrong = Assert.Throws<BadInputException>(
            () => ModelFile.Read(path, ParameterLayout.For(Spec).Tensors, new float[ParameterLayout.For(Spec).StateLength]));
        Assert.Equal($"{path}: {expected}", wrong.Message);
    }

    [Fact]
    public void Numbers_of_other_types_become_the_nearest_float32()
    {
        byte[] data = new byte[24];
        BinaryPrimitives.WriteDoubleLittleEndian(data, 0.1);
        BinaryPrimitives.WriteDoubleLittleEndian(data.AsSpan(8), double.NegativeInfinity);
        BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(16), (Half)(-0.333));
        BinaryPrimitives.WriteHalfLittleEndian(data.AsSpan(18), Half.Epsilon);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(20), 0x3F80);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(22), 0xFF80);
        SafeTensorsFile file = SafeTensorsFile.Read(Write(
            """{"d":{"dtype":"F64","shape":[2],"data_offsets":[0,16]},"h":{"dtype":"F16","shape":[2],"data_offsets":[16,20]},"b":{"dtype":"BF16","shape":[2],"data_offsets":[20,24]}}""",
            data));
        Assert.Equal([0.1f, float.NegativeInfinity, (float)(Half)(-0.333), 5.9604645e-8f, 1f, float.NegativeInfinity], file.Tensors.SelectMany(tensor => tensor.Data.ToArray()));
    }

    [Fact]
    public void A_float64_outside_the_range_of_float32_is_named()
    {
        byte[] data = new byte[8];
        BinaryPrimitives.WriteDoubleLittleEndian(data, 1e300);
        string path = Write("""{"a":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}}""", data);
        Assert.Equal(
            $"{path}: has 1E+300 in tensor 'a', which is outside the range of float32",
            Assert.Throws<BadInputException>(() => SafeTensorsFile.Read(path)).Message);
    }

    [Fact]
    public void An_independent_reader_finds_every_number_of_an_exported_model()
    {
        float[] state = new Samples(Spec, 1, seed: 1).State;
        (Dictionary<string, (int[] Shape, float[] Values)> tensors, Dictionary<string, string> metadata) = ReadPlainly(Export(Spec, state));
        ParameterView[] views = [.. ParameterLayout.For(Spec).Tensors];
        Assert.Equal(views.Select(view => view.Name).Order(), tensors.Keys.Order());
        Assert.All(views, view =>
        {
            Assert.Equal(view.Shape, tensors[view.Name].Shape);
            Assert.Equal(view.Of((ReadOnlySpan<float>)state), tensors[view.Name].Values);
        });
        Assert.Equal("nncluster-model", metadata["format"]);
        Assert.DoesNotContain("term", metadata.Keys);
    }

    [TorchFact]
    public void PyTorch_computes_the_same_outputs_from_an_exported_model()
    {
        string rows = _directory.Write("rows.json", JsonSerializer.Serialize(Features));
        foreach (ActivationKind activation in Enum.GetValues<ActivationKind>())
        {
            ModelSpec spec = Spec with
            {
                Hidden = [new() { Units = 7, BatchNorm = true, Activation = activation }, new() { Units = 4, Activation = activation, Dropout = 0.5f }],
                Loss = activation == ActivationKind.Tanh ? LossKind.MeanSquaredError : LossKind.CrossEntropy,
            };
            float[] state = new Samples(spec, 1, seed: 2).State;
            ProcessResult result = TorchFactAttribute.Run(Fixture("torch_outputs.py"), Export(spec, state), rows);
            Assert.True(result.ExitCode == 0, result.Error);
            AssertClose(Numbers(result.Json), Predict(spec, state, Features));
        }
    }

    private static float[] Features => [.. Numbers(Rows.GetProperty("features")).Select(value => (float)value)];

    private static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "fixtures", name);

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(number => number.GetDouble())];

    private static float[] Predict(ModelSpec spec, float[] state, float[] features)
    {
        using var predictor = new Predictor(spec, state);
        float[] outputs = new float[features.Length / spec.Inputs * spec.Outputs];
        predictor.Predict(features, features.Length / spec.Inputs, outputs);
        return outputs;
    }

    /// <summary>A checkpoint of the state, exported as a model.</summary>
    private string Export(ModelSpec spec, float[] state)
    {
        var layout = ParameterLayout.For(spec);
        using var buffer = new AlignedBuffer(layout.StateLength);
        state.CopyTo(buffer.Span);
        using var moments = new AlignedBuffer(layout.StateLength);
        using var run = new SmallRun();
        string checkpoint = _directory["checkpoint.safetensors"];
        Checkpoint.Write(checkpoint, new("00", 7, 1, run.Spec.ToJson(), spec.ToJson()), layout, buffer, [("adam.m", moments)]);
        string path = _directory["model.safetensors"];
        Assert.Equal(layout.Sha256(state), TrainedFile.WriteModelOf(SafeTensorsFile.Read(checkpoint), path));
        return path;
    }

    private string Write(string header, byte[] data)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        byte[] length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        return _directory.Write("written.safetensors", [.. length, .. json, .. data]);
    }

    /// <summary>Reads a file of float32 by the format's description, with nothing of the library.</summary>
    private static (Dictionary<string, (int[] Shape, float[] Values)> Tensors, Dictionary<string, string> Metadata) ReadPlainly(string path)
    {
        byte[] content = File.ReadAllBytes(path);
        int data = 8 + (int)BitConverter.ToInt64(content);
        using var header = JsonDocument.Parse(content.AsMemory(8, data - 8));
        Dictionary<string, (int[], float[])> tensors = [];
        Dictionary<string, string> metadata = [];
        foreach (JsonProperty entry in header.RootElement.EnumerateObject())
        {
            if (entry.Name == "__metadata__")
            {
                metadata = entry.Value.Deserialize<Dictionary<string, string>>()!;
                continue;
            }

            Assert.Equal("F32", entry.Value.GetProperty("dtype").GetString());
            int[] offsets = entry.Value.GetProperty("data_offsets").Deserialize<int[]>()!;
            float[] values = [.. Enumerable.Range(0, (offsets[1] - offsets[0]) / 4).Select(i => BitConverter.ToSingle(content, data + offsets[0] + (4 * i)))];
            tensors[entry.Name] = (entry.Value.GetProperty("shape").Deserialize<int[]>()!, values);
        }

        return (tensors, metadata);
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }
}
