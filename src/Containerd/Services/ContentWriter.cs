using Google.Protobuf;
using Wire = Sleigh.Containerd.Protos.Content;

namespace Sleigh.Containerd;

/// <summary>A blob on its way into the content store. Disposing it without a commit leaves what was written, to be resumed or aborted.</summary>
public sealed class ContentWriter : IAsyncDisposable
{
    /// <summary>Bytes of one message: below the 4 MiB that gRPC servers take by default, large enough to keep the disk busy.</summary>
    public const int ChunkSize = 1024 * 1024;

    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly GrpcCall<Wire.WriteContentRequest, Wire.WriteContentResponse> _call;
    private readonly string _ingest;
    private readonly long _total;

    private ContentWriter(GrpcCall<Wire.WriteContentRequest, Wire.WriteContentResponse> call, string ingest, long total, long offset)
    {
        _call = call;
        _ingest = ingest;
        _total = total;
        Offset = offset;
    }

    /// <summary>Bytes that containerd has; not 0 at the start where an earlier write is resumed.</summary>
    public long Offset { get; private set; }

    internal static async Task<ContentWriter> OpenAsync(
        GrpcCall<Wire.WriteContentRequest, Wire.WriteContentResponse> call, string ingest, long total, string expected)
    {
        try
        {
            // The first message opens the ingest; 'expected' makes containerd say at once that it has the blob.
            var first = new Wire.WriteContentRequest { Action = Wire.WriteAction.Stat, Ref = ingest, Total = total, Expected = expected };
            await call.WriteAsync(first);
            Wire.WriteContentResponse answer = await ReadAsync(call, ingest);
            return new ContentWriter(call, ingest, total, answer.Offset);
        }
        catch (Exception ex) when (ex is ContainerdException or OperationCanceledException)
        {
            await call.DisposeAsync();
            throw;
        }
    }

    /// <summary>Appends bytes.</summary>
    public async Task WriteAsync(ReadOnlyMemory<byte> bytes)
    {
        for (int done = 0; done < bytes.Length;)
        {
            ReadOnlyMemory<byte> chunk = bytes.Slice(done, Math.Min(ChunkSize, bytes.Length - done));
            var message = new Wire.WriteContentRequest
            {
                Action = Wire.WriteAction.Write,
                Ref = _ingest,
                Offset = Offset,
                Data = UnsafeByteOperations.UnsafeWrap(chunk),
            };
            await _call.WriteAsync(message);
            Offset = (await ReadAsync(_call, _ingest)).Offset;
            done += chunk.Length;
        }
    }

    /// <summary>Seals the blob.</summary>
    /// <param name="expected">The digest that it must have; "" to take what it has.</param>
    /// <param name="labels">Labels, set only where the blob is new.</param>
    /// <returns>The blob's digest.</returns>
    /// <exception cref="ContainerdException">
    /// AlreadyExists where the namespace has the blob; FailedPrecondition where digest or size are not as expected.
    /// </exception>
    public async Task<string> CommitAsync(string expected = "", IReadOnlyDictionary<string, string>? labels = null)
    {
        var message = new Wire.WriteContentRequest
        {
            Action = Wire.WriteAction.Commit,
            Ref = _ingest,
            Offset = Offset,
            Total = _total > 0 ? _total : Offset,
            Expected = expected,
        };
        message.Labels.AddLabels(labels);
        await _call.WriteAsync(message);
        string digest = (await ReadAsync(_call, _ingest)).Digest;
        _call.CompleteWrites();
        return digest;
    }

    /// <summary>
    /// Ends the call and waits until containerd has let go of the ingest: it writes a time stamp then, and an abort that came
    /// before would leave a directory with just that.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        _call.CompleteWrites();
        try
        {
            while (await _call.ReadAsync().WaitAsync(EndLimit) is not null)
            {
                // Answers to earlier messages.
            }
        }
        catch (Exception ex) when (ex is ContainerdException or OperationCanceledException or TimeoutException)
        {
            // The call has failed before; whoever used it knows.
        }

        await _call.DisposeAsync();
    }

    private static async Task<Wire.WriteContentResponse> ReadAsync(
        GrpcCall<Wire.WriteContentRequest, Wire.WriteContentResponse> call, string ingest) =>
        await call.ReadAsync() ?? throw new ContainerdException(
            ContainerdErrorKind.Internal, $"could not write the blob '{ingest}': containerd ended the call early");
}
