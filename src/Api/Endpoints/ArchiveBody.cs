using Microsoft.AspNetCore.Http;

namespace Sleigh.Api.Endpoints;

/// <summary>The response that an archive is written to. It begins with the first byte, so that a failure before is an ordinary error reply.</summary>
internal sealed class ArchiveBody(HttpResponse response) : Stream
{
    private bool _begun;

    /// <summary>What it is.</summary>
    public string ContentType { get; init; } = "application/x-tar";

    /// <summary>The name of the file that a browser makes of it: letters, digits, <c>.</c> and <c>_</c>; null for none.</summary>
    public string? FileName { get; init; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!_begun)
        {
            _begun = true;
            Describe();
        }

        return response.Body.WriteAsync(buffer, cancellationToken);
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <summary>Sets the headers; the first byte does it by itself.</summary>
    public void Describe()
    {
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        if (FileName is not null)
        {
            response.Headers.ContentDisposition = $"attachment; filename=\"{FileName}\"";
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
