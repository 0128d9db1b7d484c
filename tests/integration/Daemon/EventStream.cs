using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>An open <c>text/event-stream</c>, over a connection of its own.</summary>
public sealed class EventStream : IDisposable
{
    private readonly HttpClient _http;
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _text;

    private EventStream(HttpClient http, HttpResponseMessage response, StreamReader text) => (_http, _response, _text) = (http, response, text);

    public static async Task<EventStream> OpenAsync(TestDaemon daemon, DaemonClient client, string path, string? lastEventId)
    {
        // Leaving means closing at once: by itself the handler reads on for two seconds to use the connection again.
        SocketsHttpHandler handler = new() { ResponseDrainTimeout = TimeSpan.Zero };
        HttpClient http = new(handler) { BaseAddress = new Uri($"http://{daemon.Address}") };
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        request.Headers.Add("X-Session-Token", client.Token);
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal((200, "text/event-stream"), ((int)response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        return new EventStream(http, response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>The next event; null at the end of the stream, however it ends.</summary>
    public async Task<StreamEvent?> NextAsync()
    {
        (string id, string type, string data) = ("", "", "");
        while (await LineAsync(TimeSpan.FromSeconds(20)) is { } line)
        {
            switch (line.Split(": ", 2))
            {
                case ["id", var value]: id = value; break;
                case ["event", var value]: type = value; break;
                case ["data", var value]: data = value; break;
                case [""] when data.Length > 0: return new StreamEvent(id, type, JsonNode.Parse(data)!.AsObject());
                default: break;
            }
        }

        return null;
    }

    /// <summary>The next line as it is; null at the end.</summary>
    public async Task<string?> LineAsync(TimeSpan limit)
    {
        try
        {
            return await _text.ReadLineAsync().WaitAsync(limit);
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _text.Dispose();
        _response.Dispose();
        _http.Dispose();
    }
}

/// <summary>One event.</summary>
public sealed record StreamEvent(string Id, string Type, JsonObject Data);
