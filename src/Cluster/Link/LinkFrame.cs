using NnCluster.Memory;
using NnCluster.Training;

namespace NnCluster.Link;

/// <summary>
/// A frame of a data link. A frame with a tensor carries one reference to it: the link releases the reference of a frame
/// that it was given to send, the receiver that of a frame that it gets.
/// </summary>
internal abstract record LinkFrame
{
    internal virtual RefCountedBuffer? Buffer => null;
}

/// <summary>A frame with the tensor of a round.</summary>
/// <param name="Term">Fencing number of the coordinator's incarnation.</param>
/// <param name="Round">Round that the tensor belongs to.</param>
internal abstract record TensorFrame(long Term, RoundId Round) : LinkFrame
{
    internal abstract RefCountedBuffer Tensor { get; }

    internal sealed override RefCountedBuffer? Buffer => Tensor;

    /// <summary>Time in which the payload was read from the network; zero for a frame that was not received.</summary>
    internal TimeSpan ReceiveTime { get; set; }

    /// <summary>XxHash3 of the floats, where it is known or shared; null: the link computes it.</summary>
    internal virtual Lazy<ulong>? ContentHash => null;
}

/// <summary>A frame from one side's transport to the other's; the link's user never sees it.</summary>
internal abstract record TransportFrame : LinkFrame;
