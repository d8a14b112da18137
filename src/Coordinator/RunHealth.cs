using NnCluster.Control;
using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Puts a run's state into words for whoever asks the program how it is.</summary>
internal sealed class RunHealth : IRunObserver
{
    private readonly HealthState _state;
    private readonly Lock _ending = new();
    private readonly HashSet<string> _workers = [];
    private long _step;
    private long _totalSteps;
    private bool _over;
    private volatile int _present;
    private volatile int _needed;

    /// <summary>Begins before the run: its data and its network are still to be prepared.</summary>
    public RunHealth(HealthState state)
    {
        _state = state;
        state.Say(false, "starting: preparing the data set and the network");
    }

    /// <summary>The coordinator runs, and takes workers in if it listens.</summary>
    /// <param name="step">Steps taken in earlier lives.</param>
    /// <param name="needed">Workers it waits for.</param>
    public void Begin(long step, int needed)
    {
        _needed = needed;
        Interlocked.CompareExchange(ref _step, step, 0);
        _state.Heartbeat();
        _state.Say(true, Words);
    }

    /// <summary>The coordinator's loop turns.</summary>
    public void Heartbeat()
    {
        // The actor outlives its run by a few turns.
        lock (_ending)
        {
            if (!_over)
            {
                _state.Heartbeat();
            }
        }
    }

    /// <summary>The run is over.</summary>
    public void End()
    {
        lock (_ending)
        {
            _over = true;
            _state.Rest("the run is over, its files are being written");
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

    private string Words()
    {
        string step = $"step {Interlocked.Read(ref _step)} of {Interlocked.Read(ref _totalSteps)}";
        string workers = $"{_present} worker{(_present == 1 ? "" : "s")}";
        return _needed > 0 ? $"waiting at {step}: {workers} of {_needed}" : $"training {step}, {workers}";
    }
}
