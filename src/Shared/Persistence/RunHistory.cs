using NnCluster.Training;

namespace NnCluster.Persistence;

/// <summary>Loss and accuracy of the minibatch of a step.</summary>
/// <param name="Step">Number of the step, from 1.</param>
/// <param name="Loss">Mean loss over the minibatch.</param>
/// <param name="BatchAccuracy">Accuracy in [0, 1]; NaN for regression.</param>
public readonly record struct StepPoint(long Step, float Loss, float BatchAccuracy);

/// <summary>Results of an evaluation. Values that were not measured are NaN.</summary>
/// <param name="Epoch">Epochs completed.</param>
/// <param name="Step">Optimizer steps taken.</param>
/// <param name="TrainLoss">Mean loss of the minibatches since the last evaluation.</param>
/// <param name="TrainAccuracy">Mean accuracy of the minibatches since the last evaluation, in [0, 1].</param>
/// <param name="TestLoss">Mean loss on the test rows.</param>
/// <param name="TestAccuracy">Accuracy on the test rows, in [0, 1].</param>
/// <param name="ValidationLoss">Mean loss on the rows held out.</param>
/// <param name="ValidationAccuracy">Accuracy on the rows held out, in [0, 1].</param>
/// <param name="DeadUnits">Fraction of dead ReLU units, in [0, 1].</param>
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

/// <summary>Series of a run in memory, 16 bytes a step: collected from its events, or read from its metrics.</summary>
public sealed class RunHistory : IRunObserver
{
    private readonly List<StepPoint> _steps = [];
    private readonly List<EpochPoint> _epochs = [];

    /// <summary>Every step, in order.</summary>
    public IReadOnlyList<StepPoint> Steps => _steps;

    /// <summary>Every evaluation, in order.</summary>
    public IReadOnlyList<EpochPoint> Epochs => _epochs;

    /// <summary>Adds a step or an evaluation; ignores other events. One thread at a time.</summary>
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

    /// <summary>Reads the <c>metrics.jsonl</c> of a run, which may still be running.</summary>
    /// <exception cref="BadInputException">The file cannot be read, has another format version, or a line is not a metric.</exception>
    public static RunHistory Read(string path)
    {
        var history = new RunHistory();
        foreach (RunEvent metric in MetricsReader.Read(path))
        {
            history.Observe(metric);
        }

        return history;
    }
}
