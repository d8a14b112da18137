using NnCluster.Memory;
using NnCluster.Simulation;
using NnCluster.Testing;
using NnCluster.Training;

namespace NnCluster.Shared.Tests.Training;

/// <summary>Feeds inputs to a run and answers for its workers.</summary>
internal sealed class TrainingRunDriver
{
    private readonly RunSettings _settings;
    private readonly TrainingRun _run;
    private TimeSpan _now;

    public TrainingRunDriver(RunSettings settings, params ReadOnlySpan<ParticipantId> workers)
        : this(settings, 0, workers)
    {
    }

    public TrainingRunDriver(RunSettings settings, long from, params ReadOnlySpan<ParticipantId> workers)
        : this(settings, from, null, workers)
    {
    }

    public TrainingRunDriver(RunSettings settings, long from, SelectionState? selection, params ReadOnlySpan<ParticipantId> workers)
    {
        _settings = settings;
        _run = new(settings);
        State = _run.Begin(from, selection);
        foreach (ParticipantId worker in workers)
        {
            // All join before the first assignment.
            State = State with { Participants = State.Participants.Add(new() { Id = worker }) };
        }

        if (workers.Length > 0)
        {
            Feed(Tick.Now);
        }
    }

    public RunState State { get; private set; }

    public List<RunEffect> Seen { get; } = [];

    public string? Diagnosis { get; init; }

    public double Accuracy { get; init; } = 0.5;

    /// <summary>Loss of the evaluation after a step.</summary>
    public Func<long, double> Loss { get; init; } = _ => 1;

    public TimeSpan? ComputeTime { get; init; }

    public RunEffect[] Feed(RunInput input)
    {
        List<RunEffect> seen = [];
        Queue<RunInput> inputs = new([input]);
        while (inputs.TryDequeue(out RunInput? next))
        {
            (State, var effects) = _run.Decide(State, next, _now);
            seen.AddRange(effects);
            foreach (RunEffect effect in effects)
            {
                if (effect is TakeStep take)
                {
                    inputs.Enqueue(new StepTaken(Diagnosis is null ? take.Round.Step + 1 : take.Round.Step, Diagnosis));
                }
                else if (effect is TakeEvaluation evaluation)
                {
                    inputs.Enqueue(new EvaluationTaken(evaluation.Round, new(Loss(evaluation.Round.Step), Accuracy, 10)));
                }
            }
        }

        Seen.AddRange(seen);
        return [.. seen];
    }

    public RunEffect[] Pass(TimeSpan time)
    {
        _now += time;
        return Feed(Tick.Now);
    }

    /// <summary>Advances the time without a tick.</summary>
    public void Wait(TimeSpan time) => _now += time;

    /// <summary>Shards that were assigned to the worker in the open round.</summary>
    public ShardRange[] Assigned(ParticipantId worker)
    {
        RoundId round = Seen.OfType<AssignShards>().Last().Round;
        return [.. Seen.OfType<AssignShards>().Where(assign => assign.Participant == worker && assign.Round == round).Select(assign => assign.Shards)];
    }

    /// <summary>Delivers the results of all shards that were assigned to the worker in the open round.</summary>
    public RunEffect[] Answer(ParticipantId worker)
    {
        RoundId round = Seen.OfType<AssignShards>().Last().Round;
        _now += TimeSpan.FromMilliseconds(1);
        return [.. Assigned(worker)
            .SelectMany(shards => _settings.Trees.Of(round.Kind).SubtreesOf(shards))
            .SelectMany(subtree => Feed(new ResultArrived(worker, round, subtree, ComputeTime)))];
    }

    public void AnswerStep()
    {
        RoundId round = State.Round!.Id;
        while (State.Round is { } now && now.Id == round)
        {
            Answer(now.Assignments[0].Participant);
        }
    }

    public void AnswerEvaluations()
    {
        while (State.Round is { Id.Kind: not RoundKind.Gradient })
        {
            AnswerStep();
        }
    }

    public List<RunEffect> AnswerEverything()
    {
        while (State.Outcome is null)
        {
            AnswerStep();
        }

        return Seen;
    }
}
