using System.Net;

namespace NnCluster.Data;

/// <summary>Fetches files of a set from a web directory.</summary>
internal sealed class MirrorDownload : IDisposable
{
    private const int ReportEvery = 1 << 18;

    private readonly DatasetStoreOptions _options;
    private readonly HttpClient _client;

    public MirrorDownload(DatasetStoreOptions options)
    {
        _options = options;
        HttpMessageHandler handler = options.HttpHandler?.Invoke() ?? new SocketsHttpHandler
        {
            ConnectTimeout = options.ConnectTimeout,
            AutomaticDecompression = DecompressionMethods.None,
        };
        _client = new(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.UserAgent.ParseAdd("nncluster");
    }

    public void Dispose() => _client.Dispose();

    /// <summary>Fetches one file into <paramref name="directory"/>. Returns null, or the reason of the failure.</summary>
    public async Task<string?> TryFetchAsync(
        DatasetDescription set, Uri mirror, DatasetFile file, string directory, CancellationToken cancellationToken)
    {
        Uri address = new(mirror, file.Name + ".gz");
        try
        {
            await FetchAsync(set, address, file, directory, cancellationToken).ConfigureAwait(false);
            return null;
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or InvalidDataException or UnauthorizedAccessException)
        {
            return $"{address}: {failed.Message.TrimEnd('.')}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{address}: no answer in time";
        }
    }

    private async Task FetchAsync(
        DatasetDescription set, Uri address, DatasetFile file, string directory, CancellationToken cancellationToken)
    {
        using var answered = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        answered.CancelAfter(_options.ConnectTimeout + _options.StallTimeout);
        using HttpResponseMessage response =
            await _client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, answered.Token).ConfigureAwait(false);
        answered.CancelAfter(Timeout.InfiniteTimeSpan);
        response.EnsureSuccessStatusCode();

        long? total = response.Content.Headers.ContentLength;
        long reported = -ReportEvery;
        ReceivingStream body = new(
            await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false),
            _options.StallTimeout,
            received =>
            {
                if (received - reported >= ReportEvery || received == total)
                {
                    reported = received;
                    _options.Progress?.Report(new(set.Name, $"fetching {address}", received, total));
                }
            });
        await using (body.ConfigureAwait(false))
        {
            await VerifiedFile.WriteAsync(body, directory, file, cancellationToken).ConfigureAwait(false);
        }
    }
}
