using NnCluster.Training;

namespace NnCluster.Cli.Reporting;

/// <summary>State of a run, accumulated from its events. One thread at a time may use it.</summary>
internal sealed class ProgressState
{
    private const double LossMemory = 0.95;

    // Most lost participants to display. Each incarnation of a node is a participant of its own.
    private const int MostLost = 16;

    private sealed class Worker(string name)
    {
        public string Name { get; } = name;

        public long Shards { get; set; }

        public long Rows { get; set; }

        public string? LossReason { get; set; }

        public RateMeter Rate { get; } = new();
    }

    private readonly SortedDictionary<string, Worker> _workers = new(StringComparer.Ordinal);
    private readonly Queue<string> _lost = new();
    private readonly RateMeter _stepRate = new();
    private RunStarted? _run;
    private long _step;
    private double _epoch;
    private double _lossSum;
    private double _lossWeight;
    private float _batchAccuracy = float.NaN;
    private EpochCompleted? _lastEpoch;
    private RunPaused? _paused;

    public void Observe(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StepCompleted step:
                _step = step.Step;
                _epoch = step.Epoch;
                // Exponential moving average, divided by the sum of its weights: the first steps would else count too little.
                _lossSum = (LossMemory * _lossSum) + ((1 - LossMemory) * step.Loss);
                _lossWeight = (LossMemory * _lossWeight) + (1 - LossMemory);
                _batchAccuracy = step.BatchAccuracy;
                break;
            case ParticipantProgress progress:
                Worker worker = GetOrAddWorker(progress.Participant);
                worker.Shards += progress.Shards;
                worker.Rows += progress.Rows;
                break;
            case RunStarted started:
                _run = started;
                break;
            case ParticipantJoined joined:
                GetOrAddWorker(joined.Participant).LossReason = null;
                break;
            case ParticipantLost lost:
                GetOrAddWorker(lost.Participant).LossReason = lost.Reason;
                RemoveOldestLost(lost.Participant);
                break;
            case EpochCompleted epoch:
                _lastEpoch = epoch;
                break;
            case RunPaused paused:
                _paused = paused;
                break;
            case RunContinued:
                _paused = null;
                break;
        }
    }

    /// <summary>Updates the rates, and returns the state.</summary>
    /// <param name="elapsed">Time since the start of the display.</param>
    public ProgressSnapshot Snapshot(TimeSpan elapsed)
    {
        double seconds = elapsed.TotalSeconds;
        if (_step > 0)
        {
            _stepRate.Read(_step, seconds);
        }

        foreach (Worker worker in _workers.Values)
        {
            worker.Rate.Read(worker.Rows, seconds);
        }

        double stepsPerSecond = _stepRate.PerSecond;
        return new()
        {
            Run = _run,
            Step = _step,
            Epoch = _epoch,
            SmoothedLoss = _lossSum / _lossWeight,
            BatchAccuracy = _batchAccuracy,
            LastEpoch = _lastEpoch,
            ImagesPerSecond = stepsPerSecond * (_run?.BatchSize ?? 0),
            Elapsed = elapsed,
            Remaining = _run is not null && stepsPerSecond > 0 && _paused is null
                ? TimeSpan.FromSeconds(Math.Min(Math.Max(_run.TotalSteps - _step, 0) / stepsPerSecond, TimeSpan.MaxValue.TotalSeconds / 2))
                : null,
            Paused = _paused,
            Workers =
            [
                .. _workers.Values.Select(worker => new ParticipantStatus(
                    worker.Name, worker.Shards, worker.LossReason is null ? worker.Rate.PerSecond : 0, worker.LossReason)),
            ],
        };
    }

    private void RemoveOldestLost(string lost)
    {
        _lost.Enqueue(lost);
        if (_lost.Count > MostLost
            && _lost.Dequeue() is var oldest
            && _workers.TryGetValue(oldest, out Worker? worker)
            && worker.LossReason is not null)
        {
            _workers.Remove(oldest);
        }
    }

    private Worker GetOrAddWorker(string name)
    {
        if (!_workers.TryGetValue(name, out Worker? worker))
        {
            _workers.Add(name, worker = new(name));
        }

        return worker;
    }
}
