using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;
using NnCluster.Persistence;
using NnCluster.Prediction;
using NnCluster.Shared.Tests.Model;
using NnCluster.Shared.Tests.Persistence;
using NnCluster.Shared.Tests.Training;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Prediction;

public sealed class PredictorTests : IDisposable
{
    private const int Rows = 600;

    private static readonly ModelSpec Spec = new()
    {
        Inputs = 19,
        Outputs = 5,
        Hidden = [new() { Units = 33, BatchNorm = true, Dropout = 0.5f }, new() { Units = 17, Activation = ActivationKind.Prelu }],
        InputNoise = 0.1f,
    };

    private readonly TemporaryDirectory _directory = new();
    private readonly Samples _samples = new(Spec, Rows, seed: 3);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task One_predictor_called_by_many_threads_answers_every_row_as_a_single_thread_does()
    {
        using var predictor = new Predictor(Spec, _samples.State);
        float[] expected = SingleThreaded();
        int wrong = 0;
        int answered = 0;
        using var start = new Barrier(8);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(thread => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait();
                float[] batch = new float[7 * Spec.Outputs];
                for (int i = 0; i < 2_000; i++)
                {
                    int first = ((i * 31) + (thread * 67)) % (Rows - 7);
                    int count = 1 + (i % 7);
                    Span<float> outputs = batch.AsSpan(0, count * Spec.Outputs);
                    predictor.Predict(Features(first, count), count, outputs);
                    bool isRight = outputs.SequenceEqual(expected.AsSpan(first * Spec.Outputs, count * Spec.Outputs));
                    Interlocked.Add(ref wrong, isRight ? 0 : 1);
                    Interlocked.Increment(ref answered);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
        Assert.Equal((16_000, 0), (answered, wrong));
    }

    [Fact]
    public void A_row_has_the_same_bits_alone_and_in_any_batch()
    {
        using var predictor = new Predictor(Spec, _samples.State);
        float[] all = new float[Rows * Spec.Outputs];
        predictor.Predict(_samples.Features, Rows, all);
        Assert.Equal(SingleThreaded(), all);
        for (int row = 0; row < Rows; row++)
        {
            Assert.Equal(all.AsSpan(row * Spec.Outputs, Spec.Outputs).ToArray(), predictor.Predict(Features(row, 1)));
        }

        predictor.Predict([], 0, []);
    }

    [Fact]
    public void Sizes_and_classes_are_those_of_the_model()
    {
        using var predictor = new Predictor(Spec, _samples.State);
        Assert.Equal((19, 5, true), (predictor.Inputs, predictor.Outputs, predictor.GivesProbabilities));
        Assert.Equal(Spec, predictor.Spec);
        float[] outputs = predictor.Predict(Features(4, 1));
        Assert.Equal(1f, outputs.Sum(), 1e-5f);
        Assert.Equal(Array.IndexOf(outputs, outputs.Max()), predictor.Classify(Features(4, 1)));
    }

    [Fact]
    public void A_model_file_a_checkpoint_and_a_run_directory_give_the_same_answers()
    {
        using var memory = new Predictor(Spec, _samples.State);
        float[] expected = memory.Predict(Features(0, 1));
        string checkpoint = WriteCheckpoint(step: 9);
        WriteCheckpoint(step: 10, damaged: true);
        WriteCheckpoint(step: 2);
        Assert.Equal(expected, Load(checkpoint));
        Assert.Equal(expected, Load(_directory["run"]));
        string model = WriteModel();
        Assert.Equal(expected, Load(model));
        Assert.Equal(expected, Load(_directory["run"]));
    }

    [Fact]
    public void What_is_no_model_is_refused_with_its_path()
    {
        string empty = Directory.CreateDirectory(_directory["empty"]).FullName;
        string foreign = _directory["foreign.safetensors"];
        AtomicFile.Write(foreign, stream => SafeTensors.Write(stream, [], new Dictionary<string, string>()));
        foreach (string path in (string[])[empty, foreign, _directory["absent.safetensors"]])
        {
            BadInputException error = Assert.Throws<BadInputException>(() => Predictor.Load(path));
            Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Spans_of_another_length_and_a_disposed_predictor_are_refused()
    {
        var predictor = new Predictor(Spec, _samples.State);
        Assert.Throws<ArgumentException>(() => predictor.Predict(Features(0, 2)));
        Assert.Throws<ArgumentException>(() => predictor.Predict(Features(0, 2), 2, new float[9]));
        predictor.Dispose();
        predictor.Dispose();
        Assert.Throws<ObjectDisposedException>(() => predictor.Predict(Features(0, 1)));
    }

    private ReadOnlySpan<float> Features(int first, int count) => _samples.Features.AsSpan(first * Spec.Inputs, count * Spec.Inputs);

    private float[] Load(string path)
    {
        using var predictor = Predictor.Load(path);
        return predictor.Predict(Features(0, 1));
    }

    private float[] SingleThreaded()
    {
        using IModel model = Spec.CreateModel(new SimdBlas(), maxRows: 16);
        float[] outputs = new float[Rows * Spec.Outputs];
        model.Load(_samples.State);
        model.Predict(_samples.Features, Rows, _samples.State, outputs);
        return outputs;
    }

    private string WriteModel()
    {
        using AlignedBuffer state = State();
        string path = Path.Combine(_directory["run"], "model.safetensors");
        ModelFile.Write(path, _samples.Layout.Tensors, state, Spec.ToJson());
        return path;
    }

    private string WriteCheckpoint(long step, bool damaged = false)
    {
        using AlignedBuffer state = State();
        string path = Path.Combine(Directory.CreateDirectory(_directory["run"]).FullName, $"checkpoint-{step}.safetensors");
        Checkpoint.Write(path, new(Checkpoint.NewRunId(), step, 1, "{}", Spec.ToJson()), _samples.Layout, state, []);
        if (damaged)
        {
            byte[] bytes = File.ReadAllBytes(path);
            bytes[^1] ^= 1;
            File.WriteAllBytes(path, bytes);
        }

        return path;
    }

    private AlignedBuffer State()
    {
        var state = new AlignedBuffer(_samples.State.Length);
        _samples.State.CopyTo(state.Span);
        return state;
    }
}
