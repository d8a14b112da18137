namespace NnCluster.Link;

/// <summary>Causes for which no link was made. The numbers are the wire's; 0 there means that the link was accepted.</summary>
internal enum LinkRefusal
{
    /// <summary>The connection could not be made, or broke in the handshake.</summary>
    Broken = 1,

    /// <summary>The peer did not identify itself within the deadline.</summary>
    Timeout = 2,

    /// <summary>Too many connections were in the handshake at once; this was the oldest.</summary>
    TooManyPending = 3,

    /// <summary>The peer's certificate is not trusted.</summary>
    Untrusted = 4,

    /// <summary>The peer speaks another protocol.</summary>
    OtherProtocol = 5,

    /// <summary>The peer has another wire version.</summary>
    WireVersion = 6,

    /// <summary>The greeting does not match its hash.</summary>
    Damaged = 7,

    /// <summary>The token is unknown, used or expired.</summary>
    Token = 8,

    /// <summary>The coordinator withdrew the token or stopped listening.</summary>
    Withdrawn = 9,
}

/// <summary>No link was made. The message is one line to display.</summary>
internal sealed class LinkException : Exception
{
    /// <summary>Creates the exception.</summary>
    public LinkException(LinkRefusal cause, string message, Exception? innerException = null)
        : base(message, innerException) => Cause = cause;

    /// <summary>Cause.</summary>
    public LinkRefusal Cause { get; }
}
