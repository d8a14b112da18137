using System.Collections.Immutable;
using NnCluster.Memory;
using NnCluster.Model;
using NnCluster.Numerics;

namespace NnCluster.Training;

/// <summary>One worker, as the run sees it.</summary>
public sealed record Participant
{
    /// <summary>Rounds without a shard after which a worker's old measures are forgotten, the first time.</summary>
    public const int FirstTimeout = 32;

    /// <summary>Which.</summary>
    public required ParticipantId Id { get; init; }

    /// <summary>How many it counts as where workers are counted: its threads.</summary>
    public int Workers { get; init; } = 1;

    /// <summary>How fast it was in its latest rounds, in rows a second.</summary>
    public SpeedSamples Speed { get; init; } = SpeedSamples.None;

    /// <summary>It let a deadline pass and has not answered since: it is given nothing while others are there.</summary>
    public bool Late { get; init; }

    /// <summary>Errors in a row.</summary>
    public int Failures { get; init; }

    /// <summary>When the leaves it now works on were assigned.</summary>
    public TimeSpan AssignedAt { get; init; }

    /// <summary>The rows of those shards.</summary>
    public int AssignedRows { get; init; }

    /// <summary>The time it spent on those that have come back, where it says so.</summary>
    public TimeSpan Computing { get; init; }

    /// <summary>Minibatches in a row in which it got no shard.</summary>
    public int IdleRounds { get; init; }

    /// <summary>
    /// After so many of them it counts as unmeasured and gets a fair share again: it may have been slow only for a
    /// while. Doubles each time, so that a worker that stays slow costs ever less.
    /// </summary>
    public int Timeout { get; init; } = FirstTimeout;
}

/// <summary>The latest measures of a worker's speed, in rows a second.</summary>
public sealed record SpeedSamples(ImmutableArray<double> Latest)
{
    private const int Window = 7;
    private const int Needed = 4;

    /// <summary>Not measured.</summary>
    public static readonly SpeedSamples None = new(ImmutableArray<double>.Empty);

    /// <summary>The middle one; 0 while there are too few to tell a start from a habit.</summary>
    public double Median { get; } = Latest.Length < Needed ? 0 : Latest.Sort()[Latest.Length / 2];

    /// <summary>With one more, the oldest forgotten.</summary>
    public SpeedSamples With(double speed) => new((Latest.Length == Window ? Latest.RemoveAt(0) : Latest).Add(speed));
}

/// <summary>A subtree that a worker was asked for and has not answered.</summary>
/// <param name="Worker">Who.</param>
/// <param name="Subtree">What.</param>
/// <param name="AssignedAt">When.</param>
/// <param name="Live">Whether its shards count as taken care of: not once its deadline has passed.</param>
/// <param name="Duplicated">Whether the shards were assigned a second time.</param>
public sealed record Assignment(ParticipantId Participant, SubtreeId Subtree, TimeSpan AssignedAt, bool Live, bool Duplicated);

/// <summary>A worker could not compute some shards of this round.</summary>
public sealed record ShardFailure(ParticipantId Participant, ShardRange Shards, string Error);

/// <summary>The shards being computed.</summary>
public sealed record Round
{
    /// <summary>Which round.</summary>
    public required RoundId Id { get; init; }

    /// <summary>When its first shard was assigned.</summary>
    public required TimeSpan StartedAt { get; init; }

    /// <summary>The shards whose sums are in the tree.</summary>
    public required ShardSet Covered { get; init; }

    /// <summary>The subtrees that are out.</summary>
    public ImmutableArray<Assignment> Assignments { get; init; } = [];

    /// <summary>What went wrong in this round.</summary>
    public ImmutableArray<ShardFailure> Failures { get; init; } = [];

    /// <summary>Shards that were given out again.</summary>
    public int Reassigned { get; init; }

    /// <summary>Whether all shards are there and the shell is adding up.</summary>
    public bool Taking { get; init; }
}

/// <summary>The durations of the latest rounds of a kind, in seconds.</summary>
public sealed record RoundTimes(ImmutableArray<double> Latest)
{
    private const int Window = 15;

    /// <summary>No round yet.</summary>
    public static readonly RoundTimes None = new(ImmutableArray<double>.Empty);

    /// <summary>The middle one, of two the shorter, so that one bad round does not stretch the next deadline; null while there is none.</summary>
    public double? Median { get; } = Latest.IsEmpty ? null : Latest.Sort()[(Latest.Length - 1) / 2];

    /// <summary>With one more, the oldest forgotten.</summary>
    public RoundTimes With(double seconds) =>
        new((Latest.Length == Window ? Latest.RemoveAt(0) : Latest).Add(seconds));
}

/// <summary>Everything <see cref="TrainingRun"/> remembers.</summary>
public sealed record RunState
{
    /// <summary>Optimizer steps taken.</summary>
    public required long Step { get; init; }

    /// <summary>Epochs complete.</summary>
    public required int Epochs { get; init; }

    /// <summary>The workers in the order they joined.</summary>
    public ImmutableArray<Participant> Participants { get; init; } = [];

    /// <summary>How many workers are there, every slot of a node counted.</summary>
    public int Workers => Participants.Sum(worker => worker.Workers);

    /// <summary>The workers' speeds by which shards are cut, renewed only when it pays.</summary>
    public ImmutableDictionary<ParticipantId, double> PartitionSpeeds { get; init; } = ImmutableDictionary<ParticipantId, double>.Empty;

    /// <summary>The shards in flight, if any.</summary>
    public Round? Round { get; init; }

    /// <summary>Evaluations due before the next step.</summary>
    public ImmutableArray<RoundKind> Evaluations { get; init; } = [];

    /// <summary>The result on the test rows of the epoch being evaluated.</summary>
    public EvaluationResult? Test { get; init; }

    /// <summary>The result on the held-out rows of the epoch being evaluated.</summary>
    public EvaluationResult? Validation { get; init; }

    /// <summary>Whether this life has opened a round: from then on too few workers are a pause, before it a start that waits.</summary>
    public bool Begun { get; init; }

    /// <summary>Whether there are too few workers.</summary>
    public bool Paused { get; init; } = true;

    /// <summary>Whether the run has been asked to end.</summary>
    public bool Stopping { get; init; }

    /// <summary>Time spent on complete minibatches, optimizer steps included.</summary>
    public TimeSpan TrainTime { get; init; }

    /// <summary>When the last checkpoint was written, and after which step.</summary>
    public (TimeSpan At, long Step) Checkpoint { get; init; }

    /// <summary>How long writing the latest one took.</summary>
    public TimeSpan CheckpointTook { get; init; }

    /// <summary>How long minibatches took.</summary>
    public RoundTimes StepTimes { get; init; } = RoundTimes.None;

    /// <summary>How long evaluations took.</summary>
    public RoundTimes EvaluationTimes { get; init; } = RoundTimes.None;

    /// <summary>Shards assigned again after a loss, an error, a deadline or a straggler.</summary>
    public int ReassignedShards { get; init; }

    /// <summary>Workers that went away or were refused while the run still wanted them.</summary>
    public int WorkersLost { get; init; }

    /// <summary>Results that were not added: late, duplicate, or of another round.</summary>
    public int DroppedResults { get; init; }

    /// <summary>How the run ended, once it has.</summary>
    public RunOutcome? Outcome { get; init; }
}
