namespace NnCluster.Training;

/// <summary>Cause of the loss of a participant.</summary>
public enum LossCause
{
    /// <summary>Its data link closed or broke.</summary>
    LinkClosed,

    /// <summary>The actor of a local worker stopped.</summary>
    ActorStopped,

    /// <summary>The node announced that it leaves.</summary>
    Left,

    /// <summary>The failure detector of the cluster cannot reach the node.</summary>
    Unreachable,

    /// <summary>The node was removed from the membership of the cluster.</summary>
    RemovedFromCluster,

    /// <summary>It returned too many errors in a row.</summary>
    Refused,

    /// <summary>It joined after the end of the run.</summary>
    RunOver,
}

/// <summary>Cause of a reassignment of shards.</summary>
public enum ReassignCause
{
    /// <summary>The participant was lost.</summary>
    Lost,

    /// <summary>The participant returned an error.</summary>
    Failed,

    /// <summary>The participant did not answer before the deadline of the round.</summary>
    TimedOut,

    /// <summary>The participant is slow: an idle one computes a speculative copy.</summary>
    Straggler,
}

/// <summary>Cause of dropping a partial sum that arrived.</summary>
internal enum DropCause
{
    /// <summary>The run is over.</summary>
    RunOver,

    /// <summary>The sum belongs to a round that is not being computed.</summary>
    OtherRound,

    /// <summary>The reduction tree of the round has no such subtree.</summary>
    NotInTree,

    /// <summary>Some of its shards are in the tree already: a speculative copy, or a late answer.</summary>
    Duplicate,
}

/// <summary>How a run ended.</summary>
public enum RunOutcomeKind
{
    /// <summary>All steps were taken, or the target accuracy was reached.</summary>
    Completed,

    /// <summary>It was asked to stop, and its last step is in a checkpoint.</summary>
    Interrupted,

    /// <summary>An error ended it.</summary>
    Failed,
}

/// <summary>Why a run could not continue.</summary>
public enum RunFailureCause
{
    /// <summary>A loss, a gradient or a parameter is not finite.</summary>
    NotFinite,

    /// <summary>Too few workers joined before the start timeout.</summary>
    StartTimeout,

    /// <summary>Every worker failed the same shard.</summary>
    ShardFailed,

    /// <summary>No worker could be started, or the coordinator stopped.</summary>
    ActorStopped,

    /// <summary>A file of the run directory could not be written.</summary>
    FileNotWritten,
}
