using NnCluster.AkkaSupport;
using NnCluster.Control;
using NnCluster.Link;
using NnCluster.Security;
using NnCluster.Training;

namespace NnCluster.Worker;

/// <summary>Asks for a data set over a link, a few pieces ahead of what has arrived.</summary>
internal sealed class DatasetDownload : IDisposable
{
    private const int PiecesAhead = 8;

    private readonly DataLink _link;
    private readonly IncomingDataset _incoming;
    private long _asked;

    public DatasetDownload(DataLink link, IncomingDataset incoming)
    {
        _link = link;
        _incoming = incoming;
        AskAhead();
    }

    /// <summary>Takes a piece; true when the whole set is in the cache.</summary>
    public bool Take(DatasetChunkFrame chunk)
    {
        _incoming.Append(chunk.Offset, chunk.Bytes.Span);
        if (_incoming.Received < _incoming.Length)
        {
            AskAhead();
            return false;
        }

        _incoming.Complete();
        Dispose();
        return true;
    }

    public void Dispose() => _incoming.Dispose();

    private void AskAhead()
    {
        long until = Math.Min(_incoming.Length, _incoming.Received + ((long)PiecesAhead * FrameHeader.MaxBytes));
        while (_asked < until)
        {
            int length = (int)Math.Min(FrameHeader.MaxBytes, _incoming.Length - _asked);
            _link.Send(new DatasetRequestFrame(_asked, length));
            _asked += length;
        }
    }
}
