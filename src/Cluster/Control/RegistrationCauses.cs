namespace NnCluster.Control;

/// <summary>Why a coordinator refuses a node. The numbers are sent in <see cref="RegistrationRefused"/>.</summary>
internal enum RefusalCause
{
    /// <summary>A number that this program does not know.</summary>
    Unknown = 0,

    /// <summary>The programs have different wire versions.</summary>
    WireVersion = 1,

    /// <summary>The node's nonce has the wrong length.</summary>
    Nonce = 2,

    /// <summary>The cookies differ, or only one side has one.</summary>
    Cookie = 3,

    /// <summary>The node offers no worker.</summary>
    WorkerCount = 4,

    /// <summary>The node lacks the run's arithmetic: its bits would differ.</summary>
    Arithmetic = 5,
}

/// <summary>A refusal and its text.</summary>
/// <param name="Cause">Cause, for programs.</param>
/// <param name="Text">Text for both sides' logs: the difference, and the remedy.</param>
internal sealed record Refusal(RefusalCause Cause, string Text)
{
    /// <summary>The message that carries it.</summary>
    public RegistrationRefused ToMessage() => new((long)Cause, Text);

    /// <summary>Reads a message; an unknown number becomes <see cref="RefusalCause.Unknown"/>.</summary>
    public static Refusal From(RegistrationRefused message) =>
        new(Enum.IsDefined((RefusalCause)message.Cause) ? (RefusalCause)message.Cause : RefusalCause.Unknown, message.Reason);
}

/// <summary>Why an incarnation of a node ended.</summary>
internal enum NodeEndCause
{
    /// <summary>The run is over.</summary>
    RunOver,

    /// <summary>The node was asked to leave.</summary>
    LeaveRequested,

    /// <summary>The coordinator refused the registration; a <see cref="RefusalCause"/> says why.</summary>
    RegistrationRefused,

    /// <summary>The coordinator did not prove the cookie.</summary>
    CoordinatorDistrusted,

    /// <summary>The coordinator accepted the node for a run that the node cannot take part in.</summary>
    RunUnusable,

    /// <summary>The run refused the node after it had worked.</summary>
    RefusedByRun,

    /// <summary>The data set could not be read or written here.</summary>
    DatasetUnusable,

    /// <summary>A worker of the node could not be started, or ended.</summary>
    WorkerEnded,

    /// <summary>Nothing at the address answered as a coordinator.</summary>
    NoCoordinator,

    /// <summary>The coordinator's term is lower than one already seen of the same run.</summary>
    StaleTerm,

    /// <summary>The data link could not be opened.</summary>
    LinkNotOpened,

    /// <summary>The data link closed, or the coordinator said goodbye on it.</summary>
    LinkClosed,

    /// <summary>The coordinator stops before the run is over.</summary>
    CoordinatorLeft,

    /// <summary>The data set that arrived is not the one announced.</summary>
    DatasetDamaged,

    /// <summary>The coordinator sent a frame that has no meaning in the node's phase.</summary>
    UnexpectedFrame,

    /// <summary>The cluster has given this incarnation up.</summary>
    Quarantined,

    /// <summary>The node's actor system ended.</summary>
    SystemEnded,

    /// <summary>The node has thrown an exception that it does not expect.</summary>
    NodeFailed,
}

/// <summary>Why a node ignored a message.</summary>
internal enum IgnoreCause
{
    /// <summary>The sender is not the coordinator that the node joins.</summary>
    Stranger,

    /// <summary>Only coordinators receive such messages.</summary>
    NotForNodes,

    /// <summary>The node has not asked for it.</summary>
    NotRequested,

    /// <summary>The node has had its answer.</summary>
    AlreadyAnswered,

    /// <summary>It comes from a lower term.</summary>
    StaleTerm,

    /// <summary>It has no meaning in the node's phase.</summary>
    WrongPhase,

    /// <summary>The incarnation has ended.</summary>
    Ended,
}
