namespace NnCluster.Data;

/// <summary>The content of a table of text, of which one row may have at most so many bytes: a reader holds a row whole.</summary>
/// <param name="content">The content; disposed with this stream.</param>
/// <param name="most">Most bytes that may be read between two calls of <see cref="RowRead"/>.</param>
internal sealed class RowLimitStream(Stream content, long most) : ForwardStream(content)
{
    private long _sinceRow;

    /// <summary>Says that a row was read.</summary>
    public void RowRead() => _sinceRow = 0;

    /// <inheritdoc/>
    public override int Read(Span<byte> buffer)
    {
        int got = Source.Read(buffer);
        _sinceRow += got;
        return _sinceRow <= most ? got : throw new InvalidRowException($"a row has more than {most >> 20} MiB; is a quotation mark not closed?");
    }
}

/// <summary>A row is too long.</summary>
/// <param name="message">Text of the error.</param>
internal sealed class InvalidRowException(string message) : Exception(message);
