using System.Text.Json;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Model;

/// <summary>Losses, gradients, running statistics and predictions against PyTorch's (tests/fixtures/make_model_fixtures.py).</summary>
public sealed class PyTorchFixtureTests
{
    private static readonly Dictionary<string, Fixture> Fixtures = Read();

    public static TheoryData<string> Names => [.. Fixtures.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Training_gives_the_loss_and_gradients_of_PyTorch(string name)
    {
        Fixture fixture = Fixtures[name];
        using Network network = new(fixture.Model, new PlainBlas(), fixture.Rows);
        float[] gradient = fixture.ComputeGradient(network, out _);

        AssertClose(fixture.Training.Loss, gradient[network.Layout.LossOffset], $"loss of {name}");
        foreach (ParameterView view in network.Layout.Tensors.Where(view => view.IsLearned))
        {
            AssertClose(fixture.Training.Gradients[view.Name], view.Of(gradient.AsSpan()), $"{name}, {view.Name}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Evaluation_after_steps_gives_the_running_statistics_loss_and_predictions_of_PyTorch(string name)
    {
        Fixture fixture = Fixtures[name];
        using Network network = new(fixture.Model, new PlainBlas(), fixture.Rows);
        float[] gradient = fixture.ComputeGradient(network, out float[] state);
        foreach (ParameterView view in network.Layout.Tensors.Where(view => !view.IsLearned))
        {
            Span<float> running = view.Of(state.AsSpan());
            for (int step = 0; step < fixture.Steps; step++)
            {
                for (int i = 0; i < running.Length; i++)
                {
                    running[i] += ModelSpec.BatchNormMomentum * (gradient[view.Offset + i] - running[i]);
                }
            }

            AssertClose(fixture.Running[view.Name], running, $"{name}, {view.Name}");
        }

        float[] metrics = new float[network.Layout.EvaluationLength];
        network.Load(state);
        network.Evaluate(fixture.AsShard(), state, metrics, accumulate: false);
        AssertClose(fixture.Evaluation.Loss, metrics[0], $"loss of {name}");

        float[] predictions = new float[fixture.Evaluation.Predictions.Length];
        network.Predict(fixture.Features, fixture.Rows, state, predictions);
        AssertClose(fixture.Evaluation.Predictions, predictions, $"predictions of {name}");
    }

    [Fact]
    public void The_fixtures_hold_every_activation_both_losses_and_both_forms_of_batch_norm()
    {
        ModelSpec[] models = [.. Fixtures.Values.Select(fixture => fixture.Model)];
        Assert.Equal(
            Enum.GetValues<ActivationKind>(),
            models.SelectMany(model => model.Hidden).Select(layer => layer.Activation!.Value).Distinct().Order());
        Assert.Equal(Enum.GetValues<LossKind>(), models.Select(model => model.Loss).Distinct().Order());
        Assert.Contains(models, model => model.ClipProbability != null);
        Assert.Contains(models, model => model.Hidden.Any(layer => layer.BatchNorm));
    }

    private static void AssertClose(double[] expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            AssertClose(expected[i], actual[i], $"{what}[{i}]");
        }
    }

    private static void AssertClose(double expected, float actual, string what) =>
        Assert.True(Math.Abs(expected - actual) <= 2e-6 + (1e-5 * Math.Abs(expected)), $"{what}: expected {expected}, got {actual}");

    private static Dictionary<string, Fixture> Read()
    {
        string json = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "fixtures", "model-fixtures.json"));
        Fixture[] fixtures = JsonSerializer.Deserialize<Fixture[]>(json, JsonSerializerOptions.Web)!;
        return fixtures.ToDictionary(fixture => fixture.Name);
    }

    private sealed record Tensor(string Name, int[] Shape, float[] Values);

    private sealed record TrainingValues(double Loss, Dictionary<string, double[]> Gradients);

    private sealed record EvaluationValues(double Loss, double[] Predictions);

    private sealed record Fixture(
        string Name, JsonElement Spec, int Rows, float[] Features, int[] Labels, float[] Targets, Tensor[] Parameters,
        TrainingValues Training, int Steps, Dictionary<string, double[]> Running, EvaluationValues Evaluation)
    {
        public ModelSpec Model => ModelSpec.Parse(Spec.GetRawText(), Name);

        public ShardRows AsShard() => new() { Count = Rows, Features = Features, Labels = Labels, Targets = Targets };

        public float[] ComputeGradient(Network network, out float[] state)
        {
            state = new float[network.Layout.StateLength];
            Assert.Equal(Parameters.Select(tensor => tensor.Name), network.Layout.Tensors.Select(view => view.Name));
            foreach ((Tensor tensor, ParameterView view) in Parameters.Zip(network.Layout.Tensors))
            {
                Assert.Equal(tensor.Shape, view.Shape);
                tensor.Values.CopyTo(view.Of(state.AsSpan()));
            }

            float[] gradient = new float[network.Layout.GradientLength];
            network.Load(state);
            network.ComputeGradient(AsShard(), state, gradient, accumulate: false);
            return gradient;
        }
    }
}
