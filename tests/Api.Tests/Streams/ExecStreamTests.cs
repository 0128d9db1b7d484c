using System.Text;
using System.Text.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Streams;

/// <summary>Endpoint 34.</summary>
public sealed class ExecStreamTests
{
    [Theory]
    [InlineData("?stdout_offset=x", null, "stdout_offset", "bad request: stdout_offset must be a byte offset of 0 or more")]
    [InlineData("?stderr_offset=-1", null, "stderr_offset", "bad request: stderr_offset must be a byte offset of 0 or more")]
    [InlineData("?encoding=hex", null, "encoding", "bad request: encoding must be one of: utf8, base64")]
    [InlineData("", "3", "Last-Event-ID", "bad request: Last-Event-ID must be <stdout offset>.<stderr offset>")]
    [InlineData("", "3.x", "Last-Event-ID", null)]
    [InlineData("", "-3.0", "Last-Event-ID", null)]
    [InlineData("", "1.2.3", "Last-Event-ID", null)]
    [InlineData("", ".", "Last-Event-ID", null)]
    public async Task A_bad_value_is_400_with_its_name(string query, string? last, string field, string? error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path) = await ExecAsync(api, "true");

        Answer answer = last is null
            ? await api.SendAsync("GET", path + query, null, token)
            : await api.SendAsync("GET", path + query, null, token, ("Last-Event-ID", last));

        Assert.Equal(field, answer.Is(400, "invalid_argument", error).Detail("field"));
    }

    [Fact]
    public async Task A_finished_exec_is_told_in_its_events_and_headers()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path) = await ExecAsync(api, "true");

        Answer answer = await api.SendAsync("GET", path, null, token);

        Assert.Equal(200, answer.Status);
        Assert.Equal("text/event-stream", answer.Headers["Content-Type"]);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
        Assert.Equal("no", answer.Headers["X-Accel-Buffering"]);
        Event[] events = Parse(answer.Body);
        Assert.Equal([("5.0", "stdout"), ("5.0", "exit")], events.Select(e => (e.Id, e.Type)));
        Assert.Equal("""{"offset":0,"next_offset":5,"data":"true\n"}""", events[0].Data);
        using JsonDocument exit = JsonDocument.Parse(events[1].Data);
        Assert.Equal("succeeded", exit.RootElement.GetProperty("status").GetString());
    }

    [Fact]
    public async Task The_last_event_id_beats_the_offsets_and_nothing_comes_twice()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path) = await ExecAsync(api, "true");

        Answer answer = await api.SendAsync("GET", path + "?stdout_offset=1", null, token, ("Last-Event-ID", "4.0"));
        Answer atEnd = await api.SendAsync("GET", path + "?stdout_offset=5", null, token);
        Answer beyond = await api.SendAsync("GET", path + "?stdout_offset=50", null, token);

        Assert.Equal("""{"offset":4,"next_offset":5,"data":"\n"}""", Parse(answer.Body)[0].Data);
        Assert.Equal([("5.0", "exit")], Parse(atEnd.Body).Select(e => (e.Id, e.Type)));
        Assert.Equal([("50.0", "exit")], Parse(beyond.Body).Select(e => (e.Id, e.Type)));
    }

    [Fact]
    public async Task Output_is_sent_as_it_comes_and_a_character_is_never_split()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path) = await ExecAsync(api, "sleep");
        ExecId exec = api.Execs.All.Single().Id;
        await using EventReader reader = await EventReader.OpenAsync(api, path, token);

        api.Execs.Print(exec, [0x61, 0xe2, 0x82]);
        Assert.Equal("""{"offset":0,"next_offset":1,"data":"a"}""", (await reader.NextAsync()).Data);
        api.Execs.Print(exec, "err"u8, toStderr: true);
        Event err = await reader.NextAsync();
        Assert.Equal(("1.3", "stderr", """{"offset":0,"next_offset":3,"data":"err"}"""), (err.Id, err.Type, err.Data));
        api.Execs.Print(exec, [0xac]);
        Assert.Equal("""{"offset":1,"next_offset":4,"data":"€"}""", (await reader.NextAsync()).Data);
        api.Execs.Print(exec, [0xe2]);
        api.Execs.End(exec, 0);
        Assert.Equal("""{"offset":4,"next_offset":5,"data":"�"}""", (await reader.NextAsync()).Data);
        Assert.Equal(("5.3", "exit"), await reader.NextAsync() is var last ? (last.Id, last.Type) : default);
        Assert.True(await reader.IsAtEndAsync());
    }

    [Fact]
    public async Task A_full_spool_is_said_once_for_each_stream_and_the_result_comes_all_the_same()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Execs.Cap = 4;
        (string token, string path) = await ExecAsync(api, "sleep");
        ExecId exec = api.Execs.All.Single().Id;
        await using EventReader reader = await EventReader.OpenAsync(api, path, token);

        api.Execs.Print(exec, "abc€"u8);
        Assert.Equal("""{"offset":0,"next_offset":4,"data":"abc�"}""", (await reader.NextAsync()).Data);
        Event truncated = await reader.NextAsync();
        Assert.Equal(("4.0", "truncated", """{"stream":"stdout","stored_bytes":4}"""), (truncated.Id, truncated.Type, truncated.Data));
        api.Execs.Print(exec, "more"u8);
        api.Execs.Print(exec, "12345"u8, toStderr: true);
        Assert.Equal("stderr", (await reader.NextAsync()).Type);
        Assert.Equal("""{"stream":"stderr","stored_bytes":4}""", (await reader.NextAsync()).Data);
        api.Execs.End(exec, 0);
        Assert.Equal("exit", (await reader.NextAsync()).Type);
    }

    [Fact]
    public async Task In_base64_every_byte_is_sent_as_it_is()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path) = await ExecAsync(api, "sleep");
        api.Execs.Print(api.Execs.All.Single().Id, [0, 0xe2, 0x82]);
        await using EventReader reader = await EventReader.OpenAsync(api, path + "?encoding=base64", token);

        Assert.Equal("""{"offset":0,"next_offset":3,"data":"AOKC"}""", (await reader.NextAsync()).Data);
    }

    [Fact]
    public async Task A_session_may_hold_so_many_streams_and_a_closed_one_gives_its_place_back()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { MaxStreamsPerSession = 1 } });
        (string token, string path) = await ExecAsync(api, "sleep");
        await using (EventReader first = await EventReader.OpenAsync(api, path, token))
        {
            Answer refused = (await api.SendAsync("GET", path, null, token)).Is(429, "quota_exceeded", "the session holds 1 streams open already; close one first");
            Assert.Equal("streams_per_session", refused.Detail("quota"));
        }

        api.Execs.End(api.Execs.All.Single().Id, 0);
        for (int i = 0; (await api.SendAsync("GET", path, null, token)).Status != 200; i++)
        {
            Assert.True(i < 200, "the place was not given back");
            await Task.Delay(20);
        }
    }

    [Fact]
    public async Task Shutdown_ends_a_stream_without_an_exit()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path) = await ExecAsync(api, "sleep");
        api.Execs.Print(api.Execs.All.Single().Id, "x"u8);
        await using EventReader reader = await EventReader.OpenAsync(api, path, token);
        await reader.NextAsync();

        api.Host.Stop();

        Assert.True(await reader.IsAtEndAsync());
        Assert.DoesNotContain(api.Log.Lines, l => l.StartsWith("Error", StringComparison.Ordinal));
    }

    [Fact]
    public async Task HEAD_has_the_headers_alone()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string path) = await ExecAsync(api, "sleep");

        Answer answer = await api.SendAsync("HEAD", path, null, token);

        Assert.Equal((200, "", "text/event-stream"), (answer.Status, answer.Body, answer.Headers["Content-Type"]));
    }

    private static async Task<(string Token, string Path)> ExecAsync(TestApi api, string command)
    {
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", $$"""{"command":"{{command}}"}""", token)).Text("id");
        return (token, $"/sandboxes/{sandbox}/exec/{id}/stream");
    }

    private static Event[] Parse(string body) => [.. body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(Event.Parse)];

    internal sealed record Event(string Id, string Type, string Data)
    {
        public static Event Parse(string text)
        {
            string[] lines = text.Split('\n');
            return new Event(lines[0]["id: ".Length..], lines[1]["event: ".Length..], lines[2]["data: ".Length..]);
        }
    }

    private sealed class EventReader(HttpResponseMessage response, StreamReader text) : IAsyncDisposable
    {
        public static async Task<EventReader> OpenAsync(TestApi api, string path, string token)
        {
            using HttpRequestMessage request = new(HttpMethod.Get, path);
            request.Headers.Add("X-Session-Token", token);
            HttpResponseMessage response = await api.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(200, (int)response.StatusCode);
            return new EventReader(response, new StreamReader(await response.Content.ReadAsStreamAsync()));
        }

        public async Task<Event> NextAsync()
        {
            StringBuilder lines = new();
            while (await text.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)) is { } line)
            {
                if (line.Length == 0)
                {
                    return Event.Parse(lines.ToString());
                }

                lines.Append(line).Append('\n');
            }

            throw new InvalidOperationException("the stream has ended");
        }

        public async Task<bool> IsAtEndAsync() => await text.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)) is null;

        public ValueTask DisposeAsync()
        {
            text.Dispose();
            response.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
