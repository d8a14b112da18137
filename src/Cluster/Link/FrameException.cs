namespace NnCluster.Link;

/// <summary>Reasons to refuse a received frame.</summary>
internal enum FrameViolation
{
    /// <summary>The bytes do not begin with the magic number.</summary>
    NotAFrame,

    /// <summary>The frame has another wire version.</summary>
    WireVersion,

    /// <summary>The header does not match its hash.</summary>
    DamagedHeader,

    /// <summary>The kind is not in the table.</summary>
    UnknownKind,

    /// <summary>Only the receiving side may send this kind.</summary>
    WrongSender,

    /// <summary>A field is out of its range.</summary>
    Fields,

    /// <summary>The kind has no payload of this encoding.</summary>
    Encoding,

    /// <summary>The kind has no payload of this length.</summary>
    PayloadLength,

    /// <summary>The receiver has no pool for the tensor.</summary>
    NoPool,

    /// <summary>The tensor has another length than those of the run.</summary>
    TensorLength,

    /// <summary>The tensor's index lies in no mapped region.</summary>
    UnmappedIndex,

    /// <summary>The payload does not match its hash.</summary>
    DamagedPayload,
}

/// <summary>A received frame was refused; the link cannot be read any further.</summary>
/// <param name="violation">Cause.</param>
/// <param name="message">One line to display.</param>
internal sealed class FrameException(FrameViolation violation, string message) : Exception(message)
{
    /// <summary>Cause.</summary>
    public FrameViolation Violation { get; } = violation;
}
