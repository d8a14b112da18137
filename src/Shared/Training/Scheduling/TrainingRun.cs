using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>What a state becomes, and what is to be done about it, in order.</summary>
public sealed record Transition(RunState State, ImmutableArray<RunEffect> Effects);

/// <summary>
/// A training run as a pure state machine: (state, input, now) → (state, effects). It knows no actor, no buffer and
/// no clock; who feeds it carries out the effects. Every decision about steps, shards, workers and faults is here.
/// </summary>
/// <remarks>
/// <code>
///            ParticipantReady                    ResultArrived (last shard)            StepTaken
///  paused ──────────────► round of shards ─────────────────────────► taking ─────────────► next step, evaluation or end
///     ▲                    │        ▲ AssignShards                     TakeStep
///     └── too few workers ─┘        └── whatever shard nobody has: lost, failed, late
/// </code>
/// One rule serves start, loss, error and lateness: <i>every shard that is neither covered nor held by a live worker is
/// assigned to somebody</i>. A result is added exactly if none of its shards is covered yet.
/// </remarks>
public sealed class TrainingRun(RunSettings settings)
{
    /// <summary>
    /// A fresh run, or one that goes on after <paramref name="step"/> steps. At the end of an epoch it evaluates first:
    /// the life that took the step may have ended before it had.
    /// </summary>
    /// <param name="step">Steps taken by an earlier life of the run.</param>
    public RunState Begin(long step = 0)
    {
        int epochs = settings.EpochEnds.Count(end => end <= step);
        return new()
        {
            Step = step,
            Epochs = epochs,
            Evaluations = settings.EpochEnds.Contains(step) ? settings.EvaluationsAfter(epochs) : [],
            Checkpoint = (TimeSpan.Zero, step),
        };
    }

    /// <summary>What <paramref name="input"/> at time <paramref name="now"/> (since the start, never falling) makes of the state.</summary>
    public Transition Decide(RunState state, RunInput input, TimeSpan now)
    {
        if (state.Outcome is not null)
        {
            return new(state, input is ResultArrived ? [new DropResult("the run is over")] : []);
        }

        var decision = new RunDecision(settings, state, now);
        decision.Take(input);
        return decision.Made();
    }
}
