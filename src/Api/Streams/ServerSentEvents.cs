using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sleigh.Api.Json;

namespace Sleigh.Api.Streams;

/// <summary>
/// One <c>text/event-stream</c> response. Nothing is kept for a slow reader: <see cref="SendAsync"/> returns when the event is on
/// its way, so the sender takes the next one from where it is stored only then. One call at a time.
/// </summary>
internal sealed class ServerSentEvents
{
    /// <summary>How long a stream may be silent before a comment line shows that it lives.</summary>
    public static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private readonly HttpResponse _response;
    private readonly TimeProvider _time;

    private ServerSentEvents(HttpResponse response, TimeProvider time) => (_response, _time) = (response, time);

    /// <summary>Sends status and headers at once, so that the caller sees an open stream before its first event.</summary>
    public static async Task<ServerSentEvents> StartAsync(HttpContext http, TimeProvider time, CancellationToken cancellationToken)
    {
        // Kestrel ends responses that are read slowly; here a reader may take as long as it likes.
        if (http.Features.Get<IHttpMinResponseDataRateFeature>() is { } rate)
        {
            rate.MinDataRate = null;
        }

        http.Response.StatusCode = StatusCodes.Status200OK;
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
        await http.Response.BodyWriter.FlushAsync(cancellationToken);
        return new ServerSentEvents(http.Response, time);
    }

    /// <summary>Sends one event.</summary>
    /// <param name="id">Its <c>id</c> line, what a reader sends back as <c>Last-Event-ID</c>; null: none.</param>
    /// <param name="type">Its <c>event</c> line.</param>
    /// <param name="data">Writes the JSON value of its <c>data</c> line.</param>
    /// <param name="cancellationToken">Ends the wait for a reader that does not read; the stream cannot be used afterwards.</param>
    public async Task SendAsync(string? id, string type, Action<Utf8JsonWriter> data, CancellationToken cancellationToken)
    {
        Write(_response.BodyWriter, id, type, data);
        await FlushAsync(cancellationToken);
    }

    /// <summary>Waits for what the stream sends next, and keeps the stream alive meanwhile.</summary>
    public async Task<T> WaitAsync<T>(Task<T> next, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await next.WaitAsync(KeepAlive, _time, cancellationToken);
            }
            catch (TimeoutException) when (!next.IsFaulted)
            {
                _response.BodyWriter.Write(": keep-alive\n\n"u8);
                await FlushAsync(cancellationToken);
            }
        }
    }

    /// <summary>The text of one event. JSON text holds no line break, so one <c>data</c> line is enough.</summary>
    internal static void Write(IBufferWriter<byte> output, string? id, string type, Action<Utf8JsonWriter> data)
    {
        string head = id is null ? $"event: {type}\ndata: " : $"id: {id}\nevent: {type}\ndata: ";
        Encoding.UTF8.GetBytes(head, output);
        JsonText.Render(data, output, static (text, output) =>
        {
            output.Write(text);
            output.Write("\n\n"u8);
        });
    }

    private async Task FlushAsync(CancellationToken cancellationToken)
    {
        await _response.BodyWriter.FlushAsync(cancellationToken);
        // A flush that is cut off does not throw.
        cancellationToken.ThrowIfCancellationRequested();
    }
}
