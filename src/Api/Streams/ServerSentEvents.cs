using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Sleigh.Api.Json;
using Sleigh.Api.Routing;
using Sleigh.Runtime;

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

    /// <summary>
    /// Answers a call with a stream: takes a place in the session's quota, serves until <paramref name="body"/> returns, the caller has
    /// gone or the daemon stops, and gives the place back.
    /// </summary>
    /// <param name="call">The call; for HEAD only the headers are sent.</param>
    /// <param name="session">Whose quota counts.</param>
    /// <param name="body">Sends the events; its token ends with the caller or the daemon.</param>
    public static async Task<Reply> ServeAsync(Call call, Session session, Func<ServerSentEvents, CancellationToken, Task> body)
    {
        using IDisposable place = call.Dependencies.Streams.Enter(session, call.Options.Http.MaxStreamsPerSession);
        using CancellationTokenSource end = CancellationTokenSource.CreateLinkedTokenSource(call.Gone, call.Dependencies.Host.Stopping);
        try
        {
            ServerSentEvents events = await StartAsync(call.Http, call.Dependencies.Time, end.Token);
            if (!HttpMethods.IsHead(call.Http.Request.Method))
            {
                await body(events, end.Token);
            }
        }
        catch (Exception left) when (left is OperationCanceledException || (left is IOException && end.IsCancellationRequested))
        {
            // The response just ends; whoever reads it comes back with its last id.
        }

        return Reply.Sent;
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
        await WaitAsync((Task)next, cancellationToken);
        return await next;
    }

    /// <inheritdoc cref="WaitAsync{T}(Task{T}, CancellationToken)"/>
    public async Task WaitAsync(Task next, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await next.WaitAsync(KeepAlive, _time, cancellationToken);
                return;
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
        try
        {
            FlushResult flushed = await _response.BodyWriter.FlushAsync(cancellationToken);
            if (!flushed.IsCompleted)
            {
                // A flush that is cut off does not always throw.
                cancellationToken.ThrowIfCancellationRequested();
                return;
            }
        }
        catch (OperationCanceledException)
        {
            // The reader does not read: an orderly end would wait for it.
            _response.HttpContext.Abort();
            throw;
        }

        throw new OperationCanceledException("the reader has gone");
    }
}
