using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace Sleigh.Api.Ingress;

/// <summary>A caller's body as the body of another request: each piece goes on as it comes, none is kept.</summary>
internal sealed class StreamedContent(HttpRequest request) : HttpContent
{
    protected override bool TryComputeLength(out long length)
    {
        length = request.ContentLength ?? 0;
        return request.ContentLength is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        PipeReader body = request.BodyReader;
        while (true)
        {
            ReadResult result = await body.ReadAsync(cancellationToken);
            foreach (ReadOnlyMemory<byte> piece in result.Buffer)
            {
                await stream.WriteAsync(piece, cancellationToken);
            }

            body.AdvanceTo(result.Buffer.End);
            await stream.FlushAsync(cancellationToken);
            if (result.IsCompleted)
            {
                return;
            }
        }
    }
}
