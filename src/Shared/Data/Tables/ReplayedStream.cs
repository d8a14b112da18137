namespace NnCluster.Data;

/// <summary>A stream of which the first bytes were read before, such as a pipe.</summary>
/// <param name="first">The first bytes.</param>
/// <param name="rest">The stream with the others; disposed with this one.</param>
internal sealed class ReplayedStream(ReadOnlyMemory<byte> first, Stream rest) : ForwardStream(rest)
{
    private ReadOnlyMemory<byte> _first = first;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        if (_first.IsEmpty)
        {
            return Source.Read(buffer);
        }

        int length = Math.Min(buffer.Length, _first.Length);
        _first.Span[..length].CopyTo(buffer);
        _first = _first[length..];
        return length;
    }
}
