using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Training;

namespace NnCluster.Extension.Tests;

/// <summary>
/// Kinds of layers and of models that are defined in this assembly, which sees the public types only: they train, travel,
/// are saved and loaded without a change in <c>src</c>.
/// </summary>
public sealed class OwnLayerTests : IDisposable
{
    // The sigmoid does not stand last and reads its outputs; the tensors of two layers have kind Scale.
    private static readonly ModelSpec Model = new()
    {
        Inputs = 12,
        Outputs = 3,
        Hidden =
        [
            new() { Units = 9, Layers = [new BatchNormSpec(), new SigmoidSpec(), new FixedScaleSpec { Factor = -1.5f }, new GainSpec()] },
            new() { Units = 5, Layers = [new GainSpec(), new TanhSpec(), new FixedScaleSpec { Factor = 2f }] },
        ],
    };

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.safetensors");

    public OwnLayerTests() => OwnKinds.Register();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void An_own_layer_trains_through_shard_computers_and_the_bits_do_not_depend_on_their_number()
    {
        using var alone = new OwnRun(Model);
        using var shared = new OwnRun(Model, participants: 3);
        StepReport[] reports = alone.Train(steps: 60);
        Assert.Equal(reports, shared.Train(steps: 60));
        Assert.Equal(alone.Layout.Sha256(alone.State.Span), shared.Layout.Sha256(shared.State.Span));
        Assert.True(reports[^1].Loss < 0.5f * reports[0].Loss, $"loss {reports[0].Loss} became {reports[^1].Loss}");
        ParameterView gain = alone.Layout.Tensors.Single(view => view.Name == "gain0.weight");
        Assert.DoesNotContain(1f, gain.Of(alone.State.Span).ToArray());
    }

    [Fact]
    public void An_own_layer_survives_the_model_file()
    {
        using var run = new OwnRun(Model);
        run.Train(steps: 5);
        ModelFile.Write(_path, run.Layout.Tensors, run.State, run.Spec.Model.ToJson());

        using var memory = new Predictor(Model, run.State.Span);
        using var loaded = Predictor.Load(_path);
        Assert.Equal(Model, loaded.Spec);
        float[] features = new float[run.Data.Test.Rows * 12];
        run.Data.Test.Copy(0, run.Data.Test.Rows, features);
        Assert.Equal(Predict(memory, features), Predict(loaded, features));
    }

    [Fact]
    public void The_specification_of_an_own_layer_survives_JSON_alone_and_in_the_run()
    {
        Assert.Equal(Model, ModelSpec.Parse(Model.ToJson(), "test"));
        Assert.Contains("""{"kind":"fixed-scale","factor":-1.5},"gain"]""", Model.ToJson(), StringComparison.Ordinal);
        using var run = new OwnRun(Model);
        Assert.Equal(run.Spec, run.Received);
        string unknown = run.Spec.ToJson().Replace("fixed-scale", "unheard-of", StringComparison.Ordinal);
        BadInputException error = Assert.Throws<BadInputException>(() => RunSpecJson.Parse(unknown, "assignment"));
        Assert.Contains("'unheard-of'", error.Message, StringComparison.Ordinal);
        Assert.NotEqual(Model, Model with { Hidden = [Model.Hidden[0], Model.Hidden[1] with { Layers = [new GainSpec()] }] });
    }

    [Fact]
    public void Gradients_of_own_layers_agree_with_finite_differences()
    {
        const int Rows = 8;
        using IModel model = Model.CreateModel(new SimdBlas(), Rows);
        ParameterLayout layout = model.Layout;
        float[] state = new float[layout.StateLength];
        ParameterInitializer.Initialize(layout, seed: 7, state);
        float[] features = new float[Rows * 12];
        new CounterRandom(3, RandomStream.SyntheticData).FillUniform(features);
        float[] gradient = Gradient(model, state, features);
        foreach (ParameterView view in layout.LearnedTensors)
        {
            for (int i = view.Offset; i < view.Offset + view.Length; i++)
            {
                const float Step = 0.02f;
                float value = state[i];
                state[i] = value + Step;
                double above = Gradient(model, state, features)[layout.LossOffset];
                state[i] = value - Step;
                double below = Gradient(model, state, features)[layout.LossOffset];
                state[i] = value;
                double difference = (above - below) / (2 * Step);
                Assert.True(
                    Math.Abs(difference - gradient[i]) < 2e-3 * (1 + Math.Abs(difference)),
                    $"{view.Name}[{i - view.Offset}]: {difference}, not {gradient[i]}");
            }
        }
    }

    [Fact]
    public void Accumulating_adds_the_gradient_of_an_own_tensor_once()
    {
        using IModel model = Model.CreateModel(new SimdBlas(), maxRows: 8);
        float[] state = new float[model.Layout.StateLength];
        ParameterInitializer.Initialize(model.Layout, seed: 7, state);
        float[] features = new float[8 * 12];
        new CounterRandom(3, RandomStream.SyntheticData).FillUniform(features);
        float[] once = Gradient(model, state, features);
        float[] twice = [.. once];
        ShardRows rows = new() { Count = 8, Features = features, Labels = [0, 1, 2, 0, 1, 2, 0, 1] };
        model.ComputeGradient(rows, state, twice, accumulate: true);
        Assert.Equal(once.Select(value => value + value), twice);
    }

    [Fact]
    public void A_fixed_scale_of_two_equals_doubled_weights()
    {
        ModelSpec plain = new() { Inputs = 12, Outputs = 3, Hidden = [new() { Units = 9 }] };
        ModelSpec scaled = plain with { Hidden = [new() { Units = 9, Layers = [new FixedScaleSpec { Factor = 2f }, new ReluSpec()] }] };
        var layout = ParameterLayout.For(plain);
        float[] state = new float[layout.StateLength];
        ParameterInitializer.Initialize(layout, seed: 7, state);
        float[] doubled = [.. state];
        foreach (ref float weight in layout.Find(ParameterKind.Weight, 0).Of(doubled.AsSpan()))
        {
            weight *= 2;
        }

        float[] features = new float[24 * 12];
        new CounterRandom(3, RandomStream.SyntheticData).FillUniform(features);
        using var left = new Predictor(plain, doubled);
        using var right = new Predictor(scaled, state);
        Assert.Equal(Predict(left, features), Predict(right, features));
    }

    [Fact]
    public void Padding_of_the_model_state_stays_zero()
    {
        using var run = new OwnRun(Model);
        run.Train(steps: 20);
        bool[] isUsed = new bool[run.Layout.StateLength];
        foreach (ParameterView view in run.Layout.Tensors)
        {
            isUsed.AsSpan(view.Offset, view.Length).Fill(true);
        }

        Assert.Contains(false, isUsed);
        Assert.All(Enumerable.Range(0, isUsed.Length).Where(i => !isUsed[i]), i => Assert.Equal(0f, run.State.Span[i]));
    }

    [Fact]
    public void An_own_model_trains_and_survives_the_model_file()
    {
        ModelSpec spec = new() { Inputs = 12, Outputs = 3, Architecture = new PlainRegressionSpec() };
        using var run = new OwnRun(spec, participants: 2);
        StepReport[] reports = run.Train(steps: 60);
        Assert.True(reports[^1].Loss < 0.8f * reports[0].Loss, $"loss {reports[0].Loss} became {reports[^1].Loss}");
        Assert.Equal("plain0.weight", Assert.Single(run.Layout.Tensors).Name);
        ModelFile.Write(_path, run.Layout.Tensors, run.State, spec.ToJson());
        using var memory = new Predictor(spec, run.State.Span);
        using var loaded = Predictor.Load(_path);
        Assert.Equal(spec, loaded.Spec);
        Assert.Equal(memory.Predict(new float[12]), loaded.Predict(new float[12]));
    }

    [Theory]
    [InlineData("""["swish"]""", "hidden[0].layers[0] has no layer kind 'swish' (line 1); the kinds are batch-norm, fixed-scale, gain,")]
    [InlineData("""[{"kind":"fixed-scale"}]""", "hidden[0].layers[0] must be an object with factor, a number (line 1)")]
    [InlineData("""[{"kind":"fixed-scale","factor":"two"}]""", "hidden[0].layers[0].factor must be a number (line 1)")]
    [InlineData("""[{"kind":"fixed-scale","factr":2}]""", "hidden[0].layers[0]")]
    [InlineData("""[{"kind":"relu","factor":2}]""", "hidden[0].layers[0].factor is not known")]
    [InlineData("""[7]""", "hidden[0].layers[0] must be a name or an object with kind")]
    [InlineData("""[null]""", "hidden[0].layers[0]")]
    [InlineData("""[{"kind":"leaky-relu","slope":-1}]""", "hidden[0].layers[0].slope must be at least 0, not -1")]
    [InlineData("""["relu"], "batchNorm": true""", "hidden[0].layers takes the place of activation, slope and batchNorm")]
    [InlineData("""["relu"], "activation": "relu" """, "hidden[0].layers takes the place of activation, slope and batchNorm")]
    public void A_wrong_layer_is_refused_with_one_line_that_names_it(string layers, string expected)
    {
        string json = $$"""{ "inputs": 1, "outputs": 1, "hidden": [ { "units": 2, "layers": {{layers}} } ] }""";
        BadInputException error = Assert.Throws<BadInputException>(() => ModelSpec.Parse(json, "test"));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_own_layer_or_model_that_onnx_does_not_have_is_named()
    {
        OwnKinds.Register();
        ModelSpec layer = new() { Inputs = 2, Outputs = 2, Hidden = [new() { Units = 2, Layers = [new GainSpec()] }] };
        ModelSpec model = new() { Inputs = 2, Outputs = 2, Architecture = new PlainRegressionSpec() };
        string path = Path.ChangeExtension(_path, ".onnx");
        Assert.Equal($"{path}: the layer kind 'gain' has no form in ONNX; only built-in kinds can be exported", Error(layer));
        Assert.Equal($"{path}: the architecture 'plain-regression' has no form in ONNX; only 'mlp' can be exported", Error(model));
        Assert.False(File.Exists(path));

        string Error(ModelSpec spec)
        {
            using var predictor = new Predictor(spec, new float[ParameterLayout.For(spec).StateLength]);
            return Assert.Throws<BadInputException>(() => predictor.SaveOnnx(path)).Message;
        }
    }

    [Fact]
    public void A_kind_has_one_name_and_a_name_one_kind()
    {
        OwnKinds.Register();
        Assert.Throws<ArgumentException>(() => LayerKinds.Register<GainSpec>("amplify"));
        Assert.Throws<ArgumentException>(() => LayerKinds.Register<UnknownSpec>("gain"));
        Assert.Throws<ArgumentException>(() => LayerKinds.Register<UnknownSpec>("Not a name"));
        ModelSpec unknown = new() { Inputs = 1, Outputs = 1, Hidden = [new() { Units = 1, Layers = [new UnknownSpec()] }] };
        Assert.Throws<BadInputException>(unknown.Validate);
        Assert.Equal("gain", LayerKinds.NameOf(new GainSpec()));
    }

    private static float[] Predict(Predictor predictor, float[] features)
    {
        float[] outputs = new float[features.Length / predictor.Inputs * predictor.Outputs];
        predictor.Predict(features, features.Length / predictor.Inputs, outputs);
        return outputs;
    }

    private static float[] Gradient(IModel model, float[] state, float[] features)
    {
        float[] gradient = new float[model.Layout.GradientLength];
        model.Load(state);
        ShardRows rows = new() { Count = 8, Features = features, Labels = [0, 1, 2, 0, 1, 2, 0, 1] };
        model.ComputeGradient(rows, state, gradient, accumulate: false);
        return gradient;
    }

    private sealed record UnknownSpec : LayerSpec
    {
        public override IInPlaceLayer Create(PlacedLayer placed, int maxRows) => new FixedScaleLayer(1f);
    }
}
