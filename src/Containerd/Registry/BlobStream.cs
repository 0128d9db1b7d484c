using System.Net;

namespace Sleigh.Containerd;

/// <summary>
/// The bytes of a blob, whatever happens to connections on the way: a broken one is opened again at the byte that was reached, by a Range
/// request. Who reads it sees one stream, so hash and store go on. A server that does not know Range sends all again; what we
/// have of it is skipped.
/// </summary>
internal sealed class BlobStream : ReadOnlyStream
{
    private readonly RegistrySource _source;
    private readonly OciDescriptor _blob;
    private readonly RegistrySettings _settings;
    private readonly PullTracker _tracker;
    private readonly Retries _retries;
    private HttpResponseMessage? _answer;
    private Stream? _body;
    private long _offset;

    public BlobStream(RegistrySource source, OciDescriptor blob, RegistrySettings settings, PullTracker tracker)
    {
        _source = source;
        _blob = blob;
        _settings = settings;
        _tracker = tracker;
        _retries = source.Client.NewRetries();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.Length == 0 || _offset == _blob.Size)
        {
            return 0;
        }

        while (true)
        {
            try
            {
                _body ??= await OpenAsync(cancellationToken);
                int read = await ReadSomeAsync(buffer, cancellationToken);
                _offset += read;
                _retries.Reset();
                _tracker.Received(_blob.Digest!, _offset);
                return read;
            }
            catch (RegistryException ex) when (ex.IsPassing)
            {
                HangUp();
                if (_retries.Next(ex.RetryAfter) is not { } pause)
                {
                    throw;
                }

                _tracker.Set(_blob.Digest!, LayerState.Resuming);
                _settings.Report($"{ex.Message}; trying again from byte {_offset} in {pause.TotalSeconds:0.#} s");
                await _source.Client.PauseAsync(pause, cancellationToken);
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            HangUp();
        }

        base.Dispose(disposing);
    }

    private void HangUp()
    {
        _answer?.Dispose();
        _answer = null;
        _body = null;
    }

    private async Task<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        _answer = await _source.OpenBlobAsync(_blob.Digest!, _offset, cancellationToken);
        _body = await _answer.Content.ReadAsStreamAsync(cancellationToken);
        if (_offset > 0 && _answer.StatusCode != HttpStatusCode.PartialContent)
        {
            await SkipAsync(_offset, cancellationToken);
        }
        else if (_offset > 0 && _answer.Content.Headers.ContentRange?.From != _offset)
        {
            throw _source.Fail(
                RegistryErrorKind.Network, $"asked for the bytes from {_offset} on, it sent '{_answer.Content.Headers.ContentRange}'");
        }

        return _body;
    }

    private async Task SkipAsync(long bytes, CancellationToken cancellationToken)
    {
        byte[] skipped = new byte[64 * 1024];
        while (bytes > 0)
        {
            bytes -= await ReadSomeAsync(skipped.AsMemory(0, (int)Math.Min(skipped.Length, bytes)), cancellationToken);
        }
    }

    private async Task<int> ReadSomeAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        string what = $"the layer {_blob.Digest}";
        int read = await _source.Client.ReadAsync(_source, _body!, buffer, what, cancellationToken);
        return read > 0 ? read : throw _source.Fail(
            RegistryErrorKind.Network, $"the connection ended in {what} after {_offset} of {_blob.Size} bytes", passing: true);
    }
}
