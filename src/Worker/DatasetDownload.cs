using NnCluster.Link;

namespace NnCluster.Worker;

/// <summary>Requests a data set over a data link, a few chunks ahead of the one that has arrived.</summary>
internal sealed class DatasetDownload : IDisposable
{
    private const int ChunksAhead = 8;

    private readonly DataLink _link;
    private readonly IncomingDataset _incoming;
    private long _requested;

    /// <summary>Sends the first requests.</summary>
    /// <param name="link">The data link.</param>
    /// <param name="incoming">Receives the bytes; disposed with this object.</param>
    public DatasetDownload(DataLink link, IncomingDataset incoming)
    {
        _link = link;
        _incoming = incoming;
        _requested = incoming.Received;
        RequestAhead();
    }

    /// <summary>Takes a chunk.</summary>
    /// <returns>True when the whole data set is in the cache.</returns>
    /// <exception cref="BadInputException">The chunk is not the next one, or the whole is not the announced data set.</exception>
    /// <exception cref="IOException">The cache cannot be written.</exception>
    public bool Take(DatasetChunkFrame chunk)
    {
        _incoming.Append(chunk.Offset, chunk.Bytes.Span);
        if (_incoming.Received < _incoming.Length)
        {
            RequestAhead();
            return false;
        }

        _incoming.Complete();
        Dispose();
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _incoming.Dispose();

    private void RequestAhead()
    {
        long until = Math.Min(_incoming.Length, _incoming.Received + ((long)ChunksAhead * DatasetChunkFrame.MaxBytes));
        while (_requested < until)
        {
            int length = (int)Math.Min(DatasetChunkFrame.MaxBytes, _incoming.Length - _requested);
            _link.Send(new DatasetRequestFrame(_requested, length));
            _requested += length;
        }
    }
}
