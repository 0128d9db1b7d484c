using System.Buffers;
using System.IO.Pipelines;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Transport;

/// <summary>A request body of any length as a stream. A caller from whom nothing comes for <see cref="ReceivedBody.TimeLimit"/> is given up.</summary>
internal sealed class PatientBody(PipeReader body, TimeProvider time) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <exception cref="ApiException">408.</exception>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!body.TryRead(out ReadResult result))
        {
            result = await WaitAsync(cancellationToken);
        }

        ReadOnlySequence<byte> piece = result.Buffer.Slice(0, Math.Min(result.Buffer.Length, buffer.Length));
        piece.CopyTo(buffer.Span);
        int count = (int)piece.Length;
        body.AdvanceTo(piece.End);
        return count;
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    private async ValueTask<ReadResult> WaitAsync(CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = new(ReceivedBody.TimeLimit, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await body.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw ApiErrors.BodyStalled(ReceivedBody.TimeLimit).Exception();
        }
    }
}
