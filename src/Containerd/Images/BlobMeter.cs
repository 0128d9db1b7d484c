using System.IO.Pipelines;

namespace Sleigh.Containerd;

/// <summary>Looks at a blob while it is stored: whether it can be a layer, and which.</summary>
internal sealed class BlobMeter : IAsyncDisposable
{
    private readonly LayerMeter? _plain;
    private readonly Pipe? _pipe;
    private readonly Task<(string? DiffId, string? Problem)> _unpacking;
    private string? _problem;

    private BlobMeter(LayerMeter? plain, Pipe? pipe, Task<(string?, string?)> unpacking)
    {
        _plain = plain;
        _pipe = pipe;
        _unpacking = unpacking;
    }

    public static BlobMeter Start(
        Compression compression, ReadOnlyMemory<byte> first, string what, ImportBudget budget, CancellationToken cancellationToken)
    {
        if (compression is Compression.Gzip or Compression.Zstd)
        {
            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 4 << 20, resumeWriterThreshold: 2 << 20, useSynchronizationContext: false));
            return new BlobMeter(null, pipe, Task.Run(() => UnpackAsync(pipe.Reader, compression, what, budget, cancellationToken), CancellationToken.None));
        }

        bool isTar = TarMeter.LooksLikeTar(first.Span);
        return new BlobMeter(
            isTar ? new LayerMeter(what, budget) : null,
            null,
            Task.FromResult<(string?, string?)>((null, isTar ? null : $"{what} is no tar")));
    }

    public async ValueTask FeedAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        if (_pipe is not null)
        {
            FlushResult flushed = await _pipe.Writer.WriteAsync(bytes, cancellationToken);
            if (flushed.IsCompleted)
            {
                // The other end has seen enough; where it found a bomb, this is where we stop.
                await _unpacking;
            }
        }
        else if (_plain is not null && _problem is null)
        {
            try
            {
                _plain.Feed(bytes.Span);
            }
            catch (FormatException ex)
            {
                _problem = ex.Message;
            }
        }
    }

    /// <returns>The digest of the uncompressed tar, or why it cannot be a layer.</returns>
    public async Task<(string? DiffId, string? Problem)> FinishAsync()
    {
        if (_pipe is not null)
        {
            await _pipe.Writer.CompleteAsync();
            return await _unpacking;
        }

        if (_plain is null || _problem is not null)
        {
            return (null, _problem ?? (await _unpacking).Problem);
        }

        try
        {
            return (_plain.Finish(), null);
        }
        catch (FormatException ex)
        {
            return (null, ex.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _plain?.Dispose();
        if (_pipe is not null)
        {
            await _pipe.Writer.CompleteAsync(new OperationCanceledException());
            await _unpacking.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        }
    }

    private static async Task<(string? DiffId, string? Problem)> UnpackAsync(
        PipeReader reader, Compression compression, string what, ImportBudget budget, CancellationToken cancellationToken)
    {
        byte[] chunk = new byte[256 * 1024];
        try
        {
            using var meter = new LayerMeter(what, budget);
            await using Stream source = reader.AsStream(leaveOpen: true);
            await using DecompressedStream plain =
                DecompressedStream.Open(source, compression, what, budget.Limits, budget.Limits.MaxUnpackedBytes * 2);
            int read;
            while ((read = await plain.ReadAsync(chunk, cancellationToken)) > 0)
            {
                meter.Feed(chunk.AsSpan(0, read));
            }

            return (meter.Finish(), null);
        }
        catch (FormatException ex)
        {
            return (null, ex.Message);
        }
        catch (ImageException ex) when (ex.Kind == ImageErrorKind.BrokenArchive)
        {
            return (null, ex.Message);
        }
        finally
        {
            await reader.CompleteAsync();
        }
    }
}
