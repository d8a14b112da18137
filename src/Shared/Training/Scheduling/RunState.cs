using System.Collections.Immutable;
using NnCluster.Model;

namespace NnCluster.Training;

/// <summary>One participant of a run: a local worker, or a remote node with its workers.</summary>
internal sealed record Participant
{
    /// <summary>First value of <see cref="IdleRoundLimit"/>, in minibatches.</summary>
    public const int FirstIdleRoundLimit = 32;

    /// <summary>Id of the participant.</summary>
    public required ParticipantId Id { get; init; }

    /// <summary>Number of its workers.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Its speed in the latest rounds, in rows/s.</summary>
    public SpeedSamples Speed { get; init; } = SpeedSamples.None;

    /// <summary>True from a missed deadline to its next answer. It is assigned nothing while others answer.</summary>
    public bool TimedOut { get; init; }

    /// <summary>Errors in a row.</summary>
    public int Failures { get; init; }

    /// <summary>Time at which its current shards were assigned, since the start of the run.</summary>
    public TimeSpan AssignedAt { get; init; }

    /// <summary>Rows of its current shards.</summary>
    public int AssignedRows { get; init; }

    /// <summary>Computation time of the answers to its current shards, as far as it reported them.</summary>
    public TimeSpan ComputeTime { get; init; }

    /// <summary>Minibatches in a row without a shard.</summary>
    public int IdleRounds { get; init; }

    /// <summary>
    /// Minibatches without a shard after which its speed counts as unmeasured, so that it gets a fair share again. Doubles every
    /// time (exponential back-off): a participant that stays slow delays ever fewer rounds.
    /// </summary>
    public int IdleRoundLimit { get; init; } = FirstIdleRoundLimit;
}

/// <summary>Latest speeds of a participant, in rows/s, the oldest first.</summary>
internal sealed record SpeedSamples(ImmutableArray<double> Latest)
{
    private const int Window = 7;
    private const int Needed = 4;

    /// <summary>No sample.</summary>
    public static readonly SpeedSamples None = new(ImmutableArray<double>.Empty);

    /// <summary>Median of the last 7 samples, in rows/s; 0 until 4 exist (the first include JIT compilation and cold caches).</summary>
    public double Median { get; } = Latest.Length < Needed ? 0 : Latest.Sort()[Latest.Length / 2];

    /// <summary>With one more sample; a full window loses its oldest.</summary>
    public SpeedSamples With(double speed) => new((Latest.Length == Window ? Latest.RemoveAt(0) : Latest).Add(speed));
}

/// <summary>One subtree in flight.</summary>
/// <param name="Participant">Participant that the subtree is assigned to.</param>
/// <param name="Subtree">Position in the reduction tree.</param>
/// <param name="AssignedAt">Time of assignment, since the start of the run.</param>
/// <param name="IsActive">False once it has timed out: its shards are then assigned to others.</param>
/// <param name="HasCopy">True once a speculative copy was assigned.</param>
internal sealed record Assignment(ParticipantId Participant, SubtreeId Subtree, TimeSpan AssignedAt, bool IsActive, bool HasCopy);

/// <summary>Shards of the open round that a participant could not compute.</summary>
internal sealed record ShardFailure(ParticipantId Participant, ShardRange Shards, string Error);

/// <summary>The open round.</summary>
internal sealed record Round
{
    /// <summary>Id of the round.</summary>
    public required RoundId Id { get; init; }

    /// <summary>Time of the first assignment, or of the end of a pause, since the start of the run.</summary>
    public required TimeSpan StartedAt { get; init; }

    /// <summary>Shards whose sums have been accepted.</summary>
    public required ShardSet Covered { get; init; }

    /// <summary>Subtrees in flight.</summary>
    public ImmutableArray<Assignment> Assignments { get; init; } = [];

    /// <summary>Errors of this round.</summary>
    public ImmutableArray<ShardFailure> Failures { get; init; } = [];

    /// <summary>Shards that were reassigned or copied.</summary>
    public int Reassigned { get; init; }

    /// <summary>True once every shard is covered and the coordinator reduces.</summary>
    public bool IsReducing { get; init; }
}

/// <summary>Durations of the latest rounds of one kind, in seconds, the oldest first.</summary>
internal sealed record RoundTimes(ImmutableArray<double> Latest)
{
    private const int Window = 15;

    /// <summary>No round yet.</summary>
    public static readonly RoundTimes None = new(ImmutableArray<double>.Empty);

    /// <summary>
    /// Lower median in seconds, so that of two rounds one slow one does not stretch the next deadline; null without rounds.
    /// </summary>
    public double? Median { get; } = Latest.IsEmpty ? null : Latest.Sort()[(Latest.Length - 1) / 2];

    /// <summary>With one more duration; a full window loses its oldest.</summary>
    public RoundTimes With(double seconds) =>
        new((Latest.Length == Window ? Latest.RemoveAt(0) : Latest).Add(seconds));
}

/// <summary>State of <see cref="TrainingRun"/>. Times are since the start of the run in this term.</summary>
internal sealed record RunState
{
    /// <summary>Optimizer steps taken.</summary>
    public required long Step { get; init; }

    /// <summary>Epochs complete.</summary>
    public required int Epochs { get; init; }

    /// <summary>Participants in the order they joined.</summary>
    public Participants Participants { get; init; } = NnCluster.Training.Participants.None;

    /// <summary>Number of workers of all participants.</summary>
    public int Workers => Participants.Sum(worker => worker.Workers);

    /// <summary>
    /// Speeds by which shards are divided, in rows/s; updated only when the gain exceeds <see cref="RecoveryOptions.RebalanceThreshold"/>.
    /// </summary>
    public ImmutableDictionary<ParticipantId, double> PartitionSpeeds { get; init; } = ImmutableDictionary<ParticipantId, double>.Empty;

    /// <summary>The open round; null between rounds.</summary>
    public Round? Round { get; init; }

    /// <summary>Evaluations due before the next step.</summary>
    public ImmutableArray<RoundKind> Evaluations { get; init; } = [];

    /// <summary>Result on the test rows of the epoch being evaluated.</summary>
    public EvaluationResult? Test { get; init; }

    /// <summary>Result on the validation rows of the epoch being evaluated.</summary>
    public EvaluationResult? Validation { get; init; }

    /// <summary>Best evaluation so far, where the run selects one.</summary>
    public SelectionState Selection { get; init; } = SelectionState.None;

    /// <summary>True once the first round was dispatched: before it, too few workers means starting; after it, paused.</summary>
    public bool HasStarted { get; init; }

    /// <summary>True while there are too few workers.</summary>
    public bool Paused { get; init; } = true;

    /// <summary>True once the run was asked to end at the next step.</summary>
    public bool Stopping { get; init; }

    /// <summary>Time spent on complete minibatches, optimizer steps included.</summary>
    public TimeSpan TrainTime { get; init; }

    /// <summary>Time and step of the last checkpoint.</summary>
    public (TimeSpan At, long Step) Checkpoint { get; init; }

    /// <summary>Time it took to write the last checkpoint.</summary>
    public TimeSpan CheckpointTook { get; init; }

    /// <summary>Durations of minibatches.</summary>
    public RoundTimes StepTimes { get; init; } = RoundTimes.None;

    /// <summary>Durations of evaluations.</summary>
    public RoundTimes EvaluationTimes { get; init; } = RoundTimes.None;

    /// <summary>Shards reassigned after a loss, an error or a timeout, and speculative copies.</summary>
    public int ReassignedShards { get; init; }

    /// <summary>Participants that were lost or refused before the end.</summary>
    public int WorkersLost { get; init; }

    /// <summary>Results that were not added: too late, duplicate, or of another round.</summary>
    public int DroppedResults { get; init; }

    /// <summary>Outcome of the run; null before its end.</summary>
    public RunOutcome? Outcome { get; init; }
}
