using NnCluster.Control;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Status of a run for the health endpoint: one line, updated by the events of the run.</summary>
internal sealed class RunHealth : IRunObserver
{
    private readonly HealthState _state;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _workers = [];
    private long _step;
    private long _totalSteps;
    private bool _isOver;
    private volatile int _present;
    private volatile int _needed;

    /// <summary>Sets the status before the run: the data set and the network are being prepared.</summary>
    public RunHealth(HealthState state)
    {
        _state = state;
        state.SetStatus(false, "starting: preparing the data set and the network");
    }

    /// <summary>Sets the status of a run whose coordinator has started.</summary>
    /// <param name="step">Steps taken in earlier terms.</param>
    /// <param name="needed">Number of workers that the run needs to start.</param>
    public void Begin(long step, int needed)
    {
        _needed = needed;
        Interlocked.CompareExchange(ref _step, step, 0);
        _state.Heartbeat();
        _state.SetStatus(true, StatusLine);
    }

    /// <summary>Records a heartbeat of the coordinator; ignored after <see cref="End"/>.</summary>
    public void Heartbeat()
    {
        // The actor may process ticks after the end of the run.
        lock (_gate)
        {
            if (!_isOver)
            {
                _state.Heartbeat();
            }
        }
    }

    /// <summary>Sets the status of a run that is over.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isOver = true;
            _state.SetIdle("the run is over, its files are being written");
        }
    }

    /// <inheritdoc/>
    public void Observe(RunEvent runEvent)
    {
        switch (runEvent)
        {
            case StepCompleted step:
                Interlocked.Exchange(ref _step, step.Step);
                _needed = 0;
                break;
            case RunStarted started:
                Interlocked.Exchange(ref _totalSteps, started.TotalSteps);
                break;
            case ParticipantJoined joined:
                _workers.Add(joined.Participant);
                _present = _workers.Count;
                break;
            case ParticipantLost lost:
                _workers.Remove(lost.Participant);
                _present = _workers.Count;
                break;
            case RunPaused paused:
                _needed = paused.Needed;
                break;
            case RunContinued:
                _needed = 0;
                break;
        }
    }

    private string StatusLine()
    {
        string step = $"step {Interlocked.Read(ref _step)} of {Interlocked.Read(ref _totalSteps)}";
        string workers = $"{_present} worker{(_present == 1 ? "" : "s")}";
        return _needed > 0 ? $"waiting at {step}: {workers} of {_needed}" : $"training {step}, {workers}";
    }
}
