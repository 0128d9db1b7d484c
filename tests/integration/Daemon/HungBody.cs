using System.Net;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A request body that begins and then waits for ever.</summary>
public sealed class HungBody(byte[] beginning) : HttpContent
{
    private readonly CancellationTokenSource _over = new();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, default);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(beginning, cancellationToken);
        await stream.FlushAsync(cancellationToken);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, cancellationToken);
        await Task.Delay(Timeout.Infinite, either.Token);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        _over.Cancel();
        base.Dispose(disposing);
    }
}
