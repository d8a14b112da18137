using CsCheck;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

public sealed class ModelSpecTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.json");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Json_round_trips_every_model() => Samples.Specs.Sample(
        spec =>
        {
            ModelSpec read = ModelSpec.Parse(spec.ToJson(), "test");
            Assert.Equal(spec, read);
            Assert.Equal(spec.GetHashCode(), read.GetHashCode());
            Assert.Equal(spec.ToJson(), read.ToJson());
        },
        iter: 200);

    [Fact]
    public void A_file_needs_no_more_than_what_differs_from_the_defaults()
    {
        File.WriteAllText(_path, """
            {
              // the notebook's network
              "hidden": [ { "units": 256, "activation": "leaky-relu", "slope": 0.05, "batchNorm": true, "dropout": 0.5 }, { "units": 8 }, ],
              "initializer": { "kind": "normal", "scale": 0.5 },
              "loss": "cross-entropy",
              "clipProbability": 1e-10
            }
            """);
        ModelSpec expected = new()
        {
            Inputs = 784,
            Outputs = 10,
            Hidden =
            [
                new() { Units = 256, Activation = ActivationKind.LeakyRelu, Slope = 0.05f, BatchNorm = true, Dropout = 0.5f },
                new() { Units = 8 },
            ],
            Initializer = new(InitializerKind.Normal, 0.5f),
            ClipProbability = 1e-10f,
        };
        Assert.Equal(expected, ModelSpec.Read(_path, 784, 10));
    }

    [Fact]
    public void Json_from_before_input_noise_and_architectures_reads_as_an_equal_model()
    {
        ModelSpec spec = new() { Inputs = 4, Outputs = 3, InputDropout = 0.25f };
        const string Sizes = "\"inputs\":4,\"outputs\":3,\"hidden\":[],\"inputDropout\":0.25";
        const string Rest = "\"initializer\":{\"kind\":\"he\",\"scale\":1},\"loss\":\"cross-entropy\"";
        const string Old = $"{{{Sizes},{Rest}}}";
        const string Now = $"{{{Sizes},\"inputNoise\":0,{Rest},\"architecture\":\"mlp\"}}";
        Assert.Equal(spec, ModelSpec.Parse(Old, "test"));
        Assert.Equal(Now, spec.ToJson());
        Assert.Equal(spec, ModelSpec.Parse("""{ "inputs": 4, "outputs": 3, "inputDropout": 0.25, "inputNoise": 0 }""", "test"));
        Assert.Contains("\"inputNoise\":0.5", (spec with { InputNoise = 0.5f }).ToJson(), StringComparison.Ordinal);
        Assert.NotEqual(spec, spec with { InputNoise = 0.5f });
    }

    [Theory]
    [InlineData("""{ "hiden": [] }""", "hiden is not known (line 1); the members there are inputs, outputs, hidden")]
    [InlineData("""{ "units": 3 }""", "units is not known")]
    [InlineData("""{ "initializer": { } }""", "initializer must be an object with kind")]
    [InlineData(
        """{ "initializer": { "kind": "he", "sigma": 1 } }""",
        "initializer.sigma is not known (line 1); the members there are kind, scale")]
    [InlineData(
        """{ "hidden": [ { "units": 3 }, { "units": 3, "dropuot": 0.1 } ] }""",
        "hidden[1].dropuot is not known (line 1); the members there are units, activation")]
    [InlineData("""{ "hidden": [ { "units": "three" } ] }""", "hidden[0].units")]
    [InlineData("""{ "hidden": [ { "activation": "relu" } ] }""", "units")]
    [InlineData(
        """{ "hidden": [ { "units": 3, "activation": "swish" } ] }""",
        "hidden[0].activation must be one of relu, sigmoid, tanh, leaky-relu, prelu (line 1)")]
    [InlineData("""{ "hidden": [ { "units": 3, "activation": 1 } ] }""", "hidden[0].activation")]
    [InlineData("""{ "hidden": [ { "units": 0 } ] }""", "hidden[0].units must be at least 1, not 0")]
    [InlineData(
        """{ "hidden": [ { "units": 3 }, { "units": 3, "dropout": 1 } ] }""",
        "hidden[1].dropout must be at least 0 and below 1, not 1")]
    [InlineData("""{ "hidden": [ { "units": 3, "slope": 0.1 } ] }""", "hidden[0].slope goes with")]
    [InlineData("""{ "hidden": [ { "units": 3, "activation": "leaky-relu", "slope": -0.1 } ] }""", "hidden[0].slope must be at least 0")]
    [InlineData("""{ "hidden": [ null ] }""", "hidden[0]")]
    [InlineData("""{ "hidden": [ { "units": 2000000000 } ] }""", "parameters")]
    [InlineData("""{ "initializer": null }""", "initializer")]
    [InlineData("""{ "initializer": { "kind": "normal", "scale": -1 } }""", "initializer.scale")]
    [InlineData("""{ "inputDropout": -0.1 }""", "inputDropout")]
    [InlineData("""{ "inputNoise": -0.1 }""", "inputNoise must be a finite number of at least 0, not -0.1")]
    [InlineData("""{ "inputNoise": 1e39 }""", "inputNoise must be a finite number of at least 0, not")]
    [InlineData("""{ "inputNoise": "much" }""", "inputNoise must be a number (line 1)")]
    [InlineData("""{ "loss": "hinge" }""", "loss")]
    [InlineData("""{ "loss": "mse", "clipProbability": 0.1 }""", "clipProbability")]
    [InlineData("""{ "clipProbability": 1 }""", "clipProbability must lie between 0 and 1, exclusive, not 1")]
    [InlineData("""{ "inputs": 12 }""", "inputs is 12 but the data set has 784")]
    [InlineData("""{ "outputs": 12 }""", "outputs is 12 but the data set has 10")]
    [InlineData("""null""", "expected an object")]
    [InlineData("""{ "hidden": [""", "line 1")]
    [InlineData("", "line 1")]
    public void A_wrong_file_is_refused_with_one_line_that_names_it_and_the_member(string json, string what)
    {
        File.WriteAllText(_path, json);
        BadInputException exception = Assert.Throws<BadInputException>(() => ModelSpec.Read(_path, 784, 10));
        Assert.Contains(_path, exception.Message, StringComparison.Ordinal);
        Assert.Contains(what, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', exception.Message);
        Assert.DoesNotContain("System.", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("NnCluster", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        BadInputException exception = Assert.Throws<BadInputException>(() => ModelSpec.Read(_path, 784, 10));
        Assert.Contains(_path, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_data_set_the_text_must_say_inputs_and_outputs()
    {
        BadInputException exception = Assert.Throws<BadInputException>(() => ModelSpec.Parse("""{ "outputs": 3 }""", "checkpoint"));
        Assert.Contains("inputs is missing", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Validation_refuses_what_no_json_can_say()
    {
        ModelSpec good = new() { Inputs = 1, Outputs = 1 };
        good.Validate();
        ModelSpec[] bad =
        [
            good with { Inputs = 0 }, good with { Outputs = 0 }, good with { InputDropout = float.NaN },
            good with { InputNoise = float.NaN }, good with { InputNoise = float.PositiveInfinity },
            good with { Hidden = default },
            good with { Initializer = new(InitializerKind.Uniform, float.PositiveInfinity) }, good with { Loss = (LossKind)7 },
            good with { Hidden = [new() { Units = 1, Activation = (ActivationKind)9 }] },
            good with { Hidden = [new() { Units = 1, Activation = ActivationKind.Prelu, Slope = float.NaN }] },
        ];
        Assert.All(bad, spec => Assert.Throws<BadInputException>(spec.Validate));
    }
}
