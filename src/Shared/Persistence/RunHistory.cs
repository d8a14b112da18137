using System.Globalization;
using System.Text.Json;
using NnCluster.Model;
using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>A step's minibatch: its loss and accuracy.</summary>
public readonly record struct StepPoint(long Step, float Loss, float BatchAccuracy);

/// <summary>What was measured after an epoch. What was not measured, or has no meaning, is NaN.</summary>
public sealed record EpochPoint(
    int Epoch,
    long Step,
    float TrainLoss,
    float TrainAccuracy,
    double TestLoss,
    double TestAccuracy,
    double ValidationLoss,
    double ValidationAccuracy,
    float DeadUnits);

/// <summary>The series of a run in memory, 16 bytes a step: gathered from its events, or read from its metrics.</summary>
public sealed class RunHistory : IRunObserver
{
    private readonly List<StepPoint> _steps = [];
    private readonly List<EpochPoint> _epochs = [];

    /// <summary>Every step, in order.</summary>
    public IReadOnlyList<StepPoint> Steps => _steps;

    /// <summary>Every evaluation, in order.</summary>
    public IReadOnlyList<EpochPoint> Epochs => _epochs;

    /// <summary>Takes in a step or an epoch; other events are ignored. Not for several threads at once.</summary>
    public void Observe(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StepCompleted step:
                _steps.Add(new(step.Step, step.Loss, step.BatchAccuracy));
                break;
            case EpochCompleted epoch:
                _epochs.Add(new(
                    epoch.Epoch,
                    epoch.Step,
                    epoch.TrainLoss,
                    epoch.TrainAccuracy,
                    epoch.Test.Loss,
                    epoch.Test.Accuracy,
                    epoch.Validation?.Loss ?? double.NaN,
                    epoch.Validation?.Accuracy ?? double.NaN,
                    epoch.DeadUnits ?? float.NaN));
                break;
        }
    }

    /// <summary>Reads the <c>metrics.jsonl</c> of a run, finished or not (a last line without its end is left out).</summary>
    /// <exception cref="BadInputException">It cannot be read, or a line of it is not a metric.</exception>
    public static RunHistory Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream);
            return Read(reader, path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            string reason = error is FileNotFoundException or DirectoryNotFoundException ? "there is no such file" : error.Message;
            throw new BadInputException($"{path}: cannot be read: {reason}", error);
        }
    }

    private static RunHistory Read(StreamReader reader, string path)
    {
        var history = new RunHistory();
        int number = 0;
        while (reader.ReadLine() is string line)
        {
            number++;
            try
            {
                using var document = JsonDocument.Parse(line);
                history.Add(document.RootElement);
            }
            catch (JsonException) when (reader.EndOfStream)
            {
                // The run is writing this line, or ended while it was.
            }
            catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
            {
                string where = number.ToString(CultureInfo.InvariantCulture);
                throw new BadInputException($"{path}:{where}: is not a line of metrics: a JSON object with step and loss, or with epoch and testLoss, is expected", error);
            }
        }

        return history;
    }

    private void Add(JsonElement line)
    {
        if (line.TryGetProperty("testLoss", out _))
        {
            _epochs.Add(new(
                line.GetProperty("epoch").GetInt32(),
                line.GetProperty("step").GetInt64(),
                (float)Number(line, "trainLoss"),
                (float)Number(line, "trainAccuracy"),
                Number(line, "testLoss"),
                Number(line, "testAccuracy"),
                Number(line, "validationLoss"),
                Number(line, "validationAccuracy"),
                (float)Number(line, "deadUnits")));
        }
        else
        {
            _ = line.GetProperty("loss");
            _steps.Add(new(line.GetProperty("step").GetInt64(), (float)Number(line, "loss"), (float)Number(line, "batchAccuracy")));
        }
    }

    private static double Number(JsonElement line, string name) =>
        line.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value.GetDouble() : double.NaN;
}
