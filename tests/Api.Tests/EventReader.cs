using System.Text;
using Sleigh.Api.Tests.OpenApi;

namespace Sleigh.Api.Tests;

/// <summary>Reads an event stream message by message, as it comes.</summary>
internal sealed class EventReader : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private EventReader(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _lines = new StreamReader(body, Encoding.UTF8);
    }

    public int Status => (int)_response.StatusCode;

    public string? ContentType => _response.Content.Headers.ContentType?.ToString();

    public static async Task<EventReader> OpenAsync(TestApi api, string path, string? token, string? lastEventId = null)
    {
        using HttpRequestMessage request = new(HttpMethod.Get, path);
        if (token is not null)
        {
            request.Headers.Add("X-Session-Token", token);
        }

        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        HttpResponseMessage response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new EventReader(response, await response.Content.ReadAsStreamAsync());
    }

    /// <summary>The next message, its lines joined by a bar; null at the end. Comments are skipped.</summary>
    public async Task<string?> NextAsync()
    {
        using CancellationTokenSource limit = new(Patience);
        List<string> message = [];
        while (await _lines.ReadLineAsync(limit.Token) is string line)
        {
            if (line.Length == 0 && message.Count > 0)
            {
                if (message.Find(l => l.StartsWith("event: ", StringComparison.Ordinal)) is { } type)
                {
                    ReplyCheck.CheckEvent(_response.RequestMessage!.RequestUri!.AbsolutePath, type[7..], message.Find(l => l.StartsWith("data: ", StringComparison.Ordinal))![6..]);
                }

                return string.Join('|', message);
            }

            if (line.Length > 0 && line[0] != ':')
            {
                message.Add(line);
            }
        }

        return null;
    }

    /// <summary>The ids of the next messages.</summary>
    public async Task<string[]> IdsAsync(int count)
    {
        string[] ids = new string[count];
        for (int i = 0; i < count; i++)
        {
            string message = await NextAsync() ?? throw new EndOfStreamException("the stream ended");
            ids[i] = message.StartsWith("id: ", StringComparison.Ordinal) ? message[4..message.IndexOf('|', StringComparison.Ordinal)] : message;
        }

        return ids;
    }

    public void Dispose()
    {
        _lines.Dispose();
        _response.Dispose();
    }
}
