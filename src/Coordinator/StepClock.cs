using NnCluster.Training;

namespace NnCluster.Coordinator;

/// <summary>Divides the time of a training step into phases. Used by the coordinator's thread alone.</summary>
internal sealed class StepClock
{
    private readonly Dictionary<ParticipantId, Work> _work = [];
    private TimeSpan _assigning;
    private Work _last;

    /// <summary>Adds time that an assignment took.</summary>
    public void AddAssignment(TimeSpan took) => _assigning += took;

    /// <summary>Adds an accepted sum; the participant of the last one decided how long the step took.</summary>
    public void AddSum(SubtreeComputed sum)
    {
        Work before = _work.GetValueOrDefault(sum.Participant);
        // The model state is sent once a step, and each sum states the same broadcast.
        _last = new(before.Computing + (sum.ComputeTime ?? TimeSpan.Zero), sum.BroadcastTime, before.Receiving + sum.ReceiveTime);
        _work[sum.Participant] = _last;
    }

    /// <summary>The phases of a step that ends, and a clock for the next.</summary>
    /// <param name="step">Time from the first assignment to the end of the update.</param>
    /// <param name="reducing">Time of the reduction.</param>
    /// <param name="updating">Time of the optimizer.</param>
    public StepPhases End(TimeSpan step, TimeSpan reducing, TimeSpan updating)
    {
        // Clocks of other machines and threads overlap: no phase takes more than is left of the step.
        TimeSpan left = step;
        double Take(TimeSpan time)
        {
            TimeSpan taken = time < TimeSpan.Zero ? TimeSpan.Zero : time < left ? time : left;
            left -= taken;
            return taken.TotalSeconds;
        }

        double reduce = Take(reducing);
        double optimizer = Take(updating);
        double assign = Take(_assigning);
        double compute = Take(_last.Computing);
        double broadcast = Take(_last.Broadcasting);
        double receive = Take(_last.Receiving);
        Clear();
        return new(assign, broadcast, compute, receive, left.TotalSeconds, reduce, optimizer);
    }

    /// <summary>Forgets the step: it is computed again.</summary>
    public void Clear()
    {
        _work.Clear();
        _assigning = TimeSpan.Zero;
        _last = default;
    }

    private readonly record struct Work(TimeSpan Computing, TimeSpan Broadcasting, TimeSpan Receiving);
}
