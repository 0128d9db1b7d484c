using System.Globalization;
using Microsoft.AspNetCore.Http;
using Sleigh.Runtime;

namespace Sleigh.Api.Endpoints;

/// <summary>The response that an archive is written to. It begins with the first byte, so that a failure before is an ordinary error reply.</summary>
internal sealed class ArchiveBody(HttpResponse response) : Stream
{
    private bool _begun;

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
            response.ContentType = "application/x-tar";
            response.Headers.CacheControl = "no-store";
            if (response.SupportsTrailers())
            {
                response.DeclareTrailer(FileEndpoints.LeftOutTrailer);
            }
        }

        return response.Body.WriteAsync(buffer, cancellationToken);
    }

    /// <summary>Says behind the archive what is not in it, where the protocol has room for that.</summary>
    public void Finish(ArchiveSent sent)
    {
        if (response.SupportsTrailers())
        {
            response.AppendTrailer(FileEndpoints.LeftOutTrailer, sent.LeftOut.ToString(CultureInfo.InvariantCulture));
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
