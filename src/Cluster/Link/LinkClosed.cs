namespace NnCluster.Link;

/// <summary>Causes of the end of a link.</summary>
internal enum LinkCloseCause
{
    /// <summary>This side closed it.</summary>
    ClosedHere,

    /// <summary>The peer sent a goodbye.</summary>
    PeerGoodbye,

    /// <summary>The peer ended the connection without a goodbye, between two frames or within one.</summary>
    PeerClosed,

    /// <summary>The connection broke while sending or receiving.</summary>
    ConnectionBroken,

    /// <summary>The peer did not read: a frame could not be sent within its deadline.</summary>
    SendTimeout,

    /// <summary>The peer did not read: too many frames wait to be sent.</summary>
    QueueFull,

    /// <summary>The rest of a frame did not arrive within its deadline.</summary>
    ReceiveTimeout,

    /// <summary>No byte arrived for longer than the silence limit.</summary>
    Silence,

    /// <summary>The peer sent bytes that are no frame, or a frame that it may not send now.</summary>
    Violation,

    /// <summary>A frame does not match its hash.</summary>
    Damaged,
}

/// <summary>A link is closed: nothing more is received from it, and frames given to it are released unsent.</summary>
/// <param name="Cause">Cause.</param>
/// <param name="Reason">Text to display.</param>
internal sealed record LinkClosed(LinkCloseCause Cause, string Reason)
{
    /// <summary>Whether one of the sides closed the link in good order.</summary>
    public bool Expected => Cause is LinkCloseCause.ClosedHere or LinkCloseCause.PeerGoodbye;
}
