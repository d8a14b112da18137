using System.Runtime.InteropServices;
using System.Text;

namespace NnCluster.Link;

/// <summary>Causes of a goodbye. The numbers are the wire's.</summary>
internal enum GoodbyeKind
{
    /// <summary>The sender may be back later, or wants a new registration.</summary>
    Later,

    /// <summary>The run is over; no worker is needed any more.</summary>
    RunOver,

    /// <summary>The receiver is refused for the rest of the run.</summary>
    Refused,
}

/// <summary>The last frame of a link.</summary>
/// <param name="Reason">Text to display; its first MiB is sent.</param>
/// <param name="Kind">Cause.</param>
internal sealed record GoodbyeFrame(string Reason, GoodbyeKind Kind = GoodbyeKind.Later) : LinkFrame;

/// <summary>Codec of <see cref="GoodbyeFrame"/>; the payload is the reason in UTF-8.</summary>
internal sealed class GoodbyeCodec(byte kind) : BytesFrameCodec(kind, typeof(GoodbyeFrame), sender: null, MaxText)
{
    protected override void WriteFields(LinkFrame frame, Span<byte> fields) => fields.Put(new GoodbyeFields(((GoodbyeFrame)frame).Kind));

    protected override string? Validate(FrameHeader header) => header.Fields<GoodbyeFields>().Validate();

    protected override ReadOnlySpan<byte> BytesOf(LinkFrame frame) => Text(((GoodbyeFrame)frame).Reason);

    protected override LinkFrame FrameOf(FrameHeader header, byte[] payload) =>
        new GoodbyeFrame(Encoding.UTF8.GetString(payload), header.Fields<GoodbyeFields>().Kind);

    /// <summary>Fields of the header: 4 bytes.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal readonly record struct GoodbyeFields(GoodbyeKind Kind)
    {
        /// <returns>Null if every field is in its range; otherwise the field that is not.</returns>
        public string? Validate() => Kind is < GoodbyeKind.Later or > GoodbyeKind.Refused ? $"goodbye kind {(int)Kind}" : null;
    }
}
