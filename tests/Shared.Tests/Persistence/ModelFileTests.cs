using System.Security.Cryptography;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Persistence;

public sealed class ModelFileTests : IDisposable
{
    // Offsets leave the padding of an aligned layout between the tensors.
    private static readonly ParameterView[] Views =
    [
        new("dense0.weight", ParameterKind.Weight, [2, 3], 0, 0),
        new("dense0.bias", ParameterKind.Bias, [2], 16, 0),
        new("batchnorm0.running_mean", ParameterKind.RunningMean, [2], 32, 0),
    ];

    private readonly TemporaryDirectory _directory = new();
    private readonly AlignedBuffer _state = new(48);

    public ModelFileTests()
    {
        for (int i = 0; i < _state.Length; i++)
        {
            _state.Span[i] = 100 + i;
        }
    }

    public void Dispose()
    {
        _state.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Every_view_comes_back_and_the_rest_of_the_buffer_is_untouched()
    {
        string path = Write();
        float[] read = new float[48];

        ModelDescription description = ModelFile.Read(path, Views, read);

        Assert.Equal("""{"inputs":3}""", description.ModelSpec);
        Assert.Equal("7", description.Metadata["seed"]);
        for (int i = 0; i < read.Length; i++)
        {
            bool inView = Views.Any(view => i >= view.Offset && i < view.Offset + view.Length);
            Assert.Equal(inView ? 100 + i : 0, read[i]);
        }
    }

    [Fact]
    public void The_specification_is_read_alone() => Assert.Equal("""{"inputs":3}""", ModelFile.Describe(SafeTensorsFile.Read(Write())).ModelSpec);

    [Fact]
    public void A_missing_tensor_is_named_with_what_is_there()
    {
        ParameterView[] more = [.. Views, new("dense1.weight", ParameterKind.Weight, [10, 2], 40, 1)];
        string path = Write();
        float[] read = new float[60];

        BadInputException error = Assert.Throws<BadInputException>(() => ModelFile.Read(path, more, read));

        Assert.Equal(
            $"{path}: has no tensor 'dense1.weight' of shape [10, 2], which this network needs; it has dense0.weight [2, 3], dense0.bias [2], batchnorm0.running_mean [2]",
            error.Message);
        Assert.All(read, value => Assert.Equal(0, value));
    }

    [Fact]
    public void A_tensor_of_another_shape_is_named_with_both_shapes()
    {
        ParameterView[] other = [new("dense0.weight", ParameterKind.Weight, [3, 2], 0, 0)];
        string path = Write();

        BadInputException error = Assert.Throws<BadInputException>(() => ModelFile.Read(path, other, new float[48]));

        Assert.Equal($"{path}: has tensor 'dense0.weight' of shape [2, 3]; this network needs [3, 2]", error.Message);
    }

    [Fact]
    public void A_file_of_a_newer_program_is_refused()
    {
        string path = _directory["newer.safetensors"];
        AtomicFile.Write(path, stream => SafeTensors.Write(
            stream, [], new Dictionary<string, string> { ["format"] = "nncluster-model", ["formatVersion"] = "2" }));

        Assert.Contains("version 2", Assert.Throws<BadInputException>(() => ModelFile.Describe(SafeTensorsFile.Read(path))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_hash_of_the_weights_is_that_of_the_files_data()
    {
        var layout = ParameterLayout.For(new() { Inputs = 3, Outputs = 2, Hidden = [new() { Units = 2, BatchNorm = true }] });
        using var state = new AlignedBuffer(layout.StateLength);
        ParameterInitializer.Initialize(layout, seed: 1, state.Span);
        string path = _directory["hashed.safetensors"];
        ModelFile.Write(path, layout.Tensors, state, """{"inputs":3}""");

        byte[] file = File.ReadAllBytes(path);
        int dataBytes = layout.Tensors.Sum(view => view.Length) * sizeof(float);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(file.AsSpan(file.Length - dataBytes))), layout.Sha256(state.Span));
    }

    private string Write()
    {
        string path = _directory["model.safetensors"];
        ModelFile.Write(path, Views, _state, """{"inputs":3}""", new Dictionary<string, string> { ["seed"] = "7" });
        return path;
    }
}
