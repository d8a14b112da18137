using NnCluster.Data;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Persistence;
using NnCluster.Testing;
using NnCluster.Training;
using SkiaSharp;

namespace NnCluster.Shared.Tests.Persistence.TensorBoard;

public sealed class TensorBoardLogTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly SmallRun _run = new();
    private readonly List<string> _lines = [];
    private int _shared;

    public void Dispose()
    {
        _run.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public void Steps_and_evaluations_are_read_back_as_they_were()
    {
        long before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        using (var log = new TensorBoardLog(Observed()))
        {
            log.Observe(new StepCompleted(1, 0.5, 1.25f, 0.25f, 0.125f, 3, 0.01));
            log.Observe(new ParticipantJoined("worker-1"));
            log.Observe(new StepCompleted(2, 1, 1, 0.5f, 0.0625f, 2, 0.01));
            log.Observe(Epoch(2, new(0.5, 0.75, 24), new(0.625, 0.25, 8)));
        }

        List<TensorBoardEvent> events = EventFileReader.Read(File(term: 1));
        Assert.Equal(["brain.Event:2", null, null, null, null], events.Select(e => e.FileVersion));
        Assert.Equal([null, 1, null, null, null], events.Select(e => e.SessionStatus));
        Assert.Equal([0L, 1, 1, 2, 2], events.Select(e => e.Step));
        Assert.All(events, e => Assert.InRange(e.WallTime, before, before + 60));
        Assert.Equal(
            [("loss/train", 1.25f), ("accuracy/train", 0.25f), ("learning_rate", 0.125f), ("gradient_norm", 3f)], Scalars(events[2]));
        Assert.Equal(
            [("loss/test", 0.5f), ("accuracy/test", 0.75f), ("loss/validation", 0.625f), ("accuracy/validation", 0.25f)], Scalars(events[4]));
        Assert.Empty(_lines);
        Assert.Equal(1, _shared);
    }

    [Fact]
    public void An_evaluation_has_a_histogram_of_every_learned_tensor_and_an_image()
    {
        using (var log = new TensorBoardLog(Observed()))
        {
            log.Observe(Epoch(2, new(0.5, 0.75, 24), null));
        }

        TensorBoardEvent evaluation = EventFileReader.Read(File(term: 1))[2];
        var histograms = evaluation.Values.Where(value => value.Histogram is not null).ToDictionary(value => value.Tag, value => value.Histogram!);
        Assert.Equal(_run.Layout.LearnedTensors.Select(tensor => tensor.Name), histograms.Keys);
        Assert.Contains("dense0.weight", histograms.Keys);
        foreach (ParameterView tensor in _run.Layout.LearnedTensors)
        {
            float[] values = tensor.Of(_run.State.Span).ToArray();
            TensorBoardHistogram histogram = histograms[tensor.Name];
            Assert.Equal((values.Min(), values.Max(), values.Length), (histogram.Min, histogram.Max, histogram.Count));
            Assert.Equal(values.Sum(value => (double)value), histogram.Sum);
            Assert.Equal(values.Sum(value => (double)value * value), histogram.SumOfSquares);
            Assert.Equal(values.Length, histogram.Counts.Sum());
            Assert.Equal(histogram.Limits.Length, histogram.Counts.Length);
        }

        TensorBoardImage image = Assert.Single(evaluation.Values, value => value.Tag == "images/dense0.weight").Image!;
        using SKBitmap bitmap = SKBitmap.Decode(image.Encoded);
        // Nine units of 4 × 3 pixels, three in a row.
        Assert.Equal((16, 13, 1), (image.Width, image.Height, image.Channels));
        Assert.Equal((16, 13), (bitmap.Width, bitmap.Height));
    }

    [Fact]
    public void A_regression_has_no_accuracy_and_a_table_no_image()
    {
        DataSplit rows = DataSplit.Regression(FeatureMatrix.FromBytes(new byte[12], 12), new float[3], 3);
        using (var log = new TensorBoardLog(Observed() with { Data = new("table", rows, rows, targets: 3) }))
        {
            log.Observe(new StepCompleted(1, 1, 1.25f, float.NaN, 0.125f, 3, 0.01));
            log.Observe(Epoch(1, new(0.5, double.NaN, 1), null));
        }

        List<TensorBoardEvent> events = EventFileReader.Read(File(term: 1));
        Assert.Equal(["loss/train", "learning_rate", "gradient_norm"], events[2].Values.Select(value => value.Tag));
        Assert.Equal(["loss/test"], Scalars(events[3]).Select(scalar => scalar.Tag));
        Assert.All(events[3].Values, value => Assert.Null(value.Image));
    }

    [Fact]
    public void A_resumed_run_writes_another_file_that_starts_after_the_checkpoint()
    {
        foreach ((long term, long before) in new[] { (1L, 0L), (2L, 7L) })
        {
            using var log = new TensorBoardLog(Observed() with { Term = term, StepsBefore = before });
            log.Observe(new StepCompleted(before + 1, 1, 1, 1, 1, 1, 1));
        }

        Assert.Equal([(0L, null), (8L, 1), (8L, null)], EventFileReader.Read(File(term: 2)).Select(e => (e.Step, e.SessionStatus)));
        Assert.Equal(2, Directory.GetFiles(new RunPaths(_directory.Path).TensorBoard).Length);
    }

    // A run that is killed resumes from the checkpoint and does not take these steps again.
    [Fact]
    public void A_checkpoint_has_the_steps_before_it_written()
    {
        using var log = new TensorBoardLog(Observed(), Timeout.InfiniteTimeSpan);
        log.Observe(new StepCompleted(1, 1, 1, 1, 1, 1, 1));
        log.Observe(new CheckpointWritten(1, "checkpoint"));
        Assert.True(SpinWait.SpinUntil(
            () => Directory.EnumerateFiles(_directory.Path, "*", SearchOption.AllDirectories).Any(path => new FileInfo(path).Length > 0),
            TimeSpan.FromSeconds(30)));
        Assert.Equal(3, EventFileReader.Read(File(term: 1)).Count);
    }

    [Fact]
    public void A_term_without_a_step_leaves_no_file()
    {
        using (var log = new TensorBoardLog(Observed()))
        {
            log.Observe(new ParticipantJoined("worker-1"));
        }

        Assert.Empty(Directory.GetFileSystemEntries(_directory.Path));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_one_log_line_and_no_error()
    {
        string path = _directory.Write(RunPaths.TensorBoardName, "a file in place of the directory");
        using (var log = new TensorBoardLog(Observed()))
        {
            for (int step = 1; step <= 3; step++)
            {
                log.Observe(new StepCompleted(step, step, 1, 1, 1, 1, 1));
                log.Observe(Epoch(step, new(0.5, 0.75, 24), null));
            }
        }

        string line = Assert.Single(_lines);
        Assert.StartsWith(path, line, StringComparison.Ordinal);
        Assert.EndsWith("nothing more is written for TensorBoard", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_reference_to_a_model_state_is_released()
    {
        RefCountedBuffer state = _run.Parameters.Rent();
        state.Span.Clear();
        int created = _run.Parameters.Created;
        using (var log = new TensorBoardLog(Observed() with { ShareModelState = state.Share }))
        {
            for (int step = 1; step <= 20; step++)
            {
                log.Observe(Epoch(step, new(0.5, 0.75, 24), null));
            }
        }

        state.Release();
        Assert.Same(state, _run.Parameters.Rent());
        Assert.Equal(created, _run.Parameters.Created);
        state.Release();
        Assert.Equal(22, EventFileReader.Read(File(term: 1)).Count);
    }

    private static EpochCompleted Epoch(long step, EvaluationResult test, EvaluationResult? validation) =>
        new(1, step, 1, 0.5f, test, validation, null, 1);

    private static (string Tag, float Value)[] Scalars(TensorBoardEvent read) =>
        [.. read.Values.Where(value => value.Scalar is not null).Select(value => (value.Tag, value.Scalar!.Value))];

    private string File(long term) =>
        Assert.Single(Directory.GetFiles(new RunPaths(_directory.Path).TensorBoard, $"events.out.tfevents.*.nncluster.{term}"));

    private ObservedRun Observed() => new()
    {
        Directory = _directory.Path,
        Term = 1,
        StepsBefore = 0,
        Model = _run.Spec.Model,
        Layout = _run.Layout,
        Data = new("small", _run.Data.Train, _run.Data.Test, classes: 3, imageWidth: 4, imageHeight: 3),
        ShareModelState = () =>
        {
            _shared++;
            return _run.State.Share();
        },
        Time = TimeProvider.System,
        Log = _lines.Add,
    };
}
