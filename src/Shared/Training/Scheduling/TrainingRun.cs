using System.Collections.Immutable;

namespace NnCluster.Training;

/// <summary>Result of a decision.</summary>
/// <param name="State">The next state.</param>
/// <param name="Effects">Effects for the caller to carry out, in order.</param>
internal sealed record Transition(RunState State, ImmutableArray<RunEffect> Effects);

/// <summary>
/// A training run as a pure state machine: (state, input, now) → (state, effects). It knows no actor, no buffer and no clock; its
/// caller carries out the effects. Every decision about steps, shards, participants and faults is made here.
/// </summary>
/// <remarks>
/// <code>
///            WorkerReady                   ResultArrived (last shard)             StepTaken
///  paused ──────────────► round of shards ─────────────────────────► reducing ─────────────► next step, evaluation or end
///     ▲                    │        ▲ AssignShards                     TakeStep
///     └── too few workers ─┘        └── shards that are lost, failed or timed out
/// </code>
/// One rule serves start, loss, error and timeout: <i>every shard that is neither covered nor in flight is assigned</i>. A result is
/// added exactly if none of its shards is covered yet.
/// </remarks>
internal sealed class TrainingRun(RunSettings settings)
{
    /// <summary>
    /// The first state of a run, new or resumed. A run resumed at the end of an epoch evaluates first: the term that took the
    /// step may have ended before the evaluation.
    /// </summary>
    /// <param name="step">Steps taken in earlier terms; 0 for a new run.</param>
    /// <param name="selection">Best evaluation of earlier terms; null for a new run.</param>
    public RunState Begin(long step = 0, SelectionState? selection = null)
    {
        int epochs = settings.EpochsThrough(step);
        return new()
        {
            Step = step,
            Epochs = epochs,
            Evaluations = settings.EpochEnds.Contains(step) ? settings.EvaluationsAfter(epochs) : [],
            Selection = selection ?? SelectionState.None,
            Checkpoint = (TimeSpan.Zero, step),
        };
    }

    /// <summary>Decides one input. Pure: equal arguments give equal transitions.</summary>
    /// <param name="state">The state before.</param>
    /// <param name="input">The input.</param>
    /// <param name="now">Time since the start of the run in this term; never decreases from call to call.</param>
    public Transition Decide(RunState state, RunInput input, TimeSpan now)
    {
        if (state.Outcome is not null)
        {
            return new(state, input is ResultArrived ? [new DropResult(DropCause.RunOver, "the run has ended")] : []);
        }

        var decision = new RunDecision(settings, state, now);
        decision.Apply(input);
        return decision.ToTransition();
    }
}
