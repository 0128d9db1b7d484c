using System.Buffers;
using System.Text;
using Microsoft.AspNetCore.Http;
using Sleigh.Api.Streams;
using Sleigh.Api.Tests.Fakes;

namespace Sleigh.Api.Tests.Streams;

public sealed class ServerSentEventsTests
{
    [Fact]
    public void An_event_is_three_lines_and_an_empty_one()
    {
        ArrayBufferWriter<byte> output = new();

        ServerSentEvents.Write(output, "3.0", "stdout", json =>
        {
            json.WriteStartObject();
            json.WriteString("data", "a\r\n\"b\" é");
            json.WriteEndObject();
        });

        Assert.Equal("id: 3.0\nevent: stdout\ndata: {\"data\":\"a\\r\\n\\\"b\\\" é\"}\n\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public void An_event_without_an_id_has_no_id_line()
    {
        ArrayBufferWriter<byte> output = new();

        ServerSentEvents.Write(output, null, "stream.gap", json => json.WriteNumberValue(1));

        Assert.Equal("event: stream.gap\ndata: 1\n\n", Encoding.UTF8.GetString(output.WrittenSpan));
    }

    [Fact]
    public async Task A_silent_stream_gets_a_comment_every_15_seconds()
    {
        DefaultHttpContext http = new();
        using MemoryStream body = new();
        http.Response.Body = body;
        FixedTime time = new() { Hurry = 100 };
        ServerSentEvents events = await ServerSentEvents.StartAsync(http, time, CancellationToken.None);
        TaskCompletionSource<int> next = new();

        Task<int> waiting = events.WaitAsync(next.Task, CancellationToken.None);
        while (body.Length < 2 * ": keep-alive\n\n".Length)
        {
            await Task.Delay(10);
        }

        next.SetResult(7);
        Assert.Equal(7, await waiting);
        string text = Encoding.UTF8.GetString(body.ToArray());
        Assert.StartsWith(": keep-alive\n\n: keep-alive\n\n", text, StringComparison.Ordinal);
        Assert.Equal("", text.Replace(": keep-alive\n\n", "", StringComparison.Ordinal));
        Assert.Equal("text/event-stream", http.Response.ContentType);
        Assert.Equal("no-store", http.Response.Headers.CacheControl);
        Assert.Equal("no", http.Response.Headers["X-Accel-Buffering"]);
    }

    [Fact]
    public async Task A_wait_ends_with_its_token()
    {
        DefaultHttpContext http = new();
        using CancellationTokenSource stop = new();
        ServerSentEvents events = await ServerSentEvents.StartAsync(http, TimeProvider.System, CancellationToken.None);

        Task<int> waiting = events.WaitAsync(new TaskCompletionSource<int>().Task, stop.Token);
        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
