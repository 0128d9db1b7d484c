using System.Text;
using System.Text.Json.Nodes;
using Sleigh.Cli.Http;

namespace Sleigh.Cli.Tests;

public sealed class EventsTests
{
    private const string Created =
        "id: 1\nevent: sandbox.created\ndata: {\"seq\":1,\"type\":\"sandbox.created\",\"time\":\"2026-01-05T09:02:01.050Z\",\"sandbox_id\":\"sbx_000000000001\",\"data\":{\"image\":\"base\"}}\n\n";

    private const string Grown =
        "id: 42\nevent: memory.grown\ndata: {\"seq\":42,\"type\":\"memory.grown\",\"time\":\"2026-01-05T09:02:02.000Z\",\"sandbox_id\":\"sbx_000000000001\",\"data\":{\"from_mb\":256,\"to_mb\":512,\"reason\":\"brake\\u001b[2J\",\"list\":[1]}}\n\n";

    [Fact]
    public async Task Kept_events_are_shown_and_that_is_the_end()
    {
        await using FakeServer server = Streaming(Created + Grown, holdsOpen: true);

        CliRun run = await CliRun.OfAsync(["events"], server.SocketPath);
        CliRun json = await CliRun.OfAsync(["events", "-o", "json", "--types", "memory.,exec", "--since", "7"], server.SocketPath);

        Assert.Equal(
            "2026-01-05 09:02:01.050  sandbox.created       sbx_000000000001  image=base\n"
            + "2026-01-05 09:02:02.000  memory.grown          sbx_000000000001  from_mb=256 to_mb=512 reason=brake [2J\n",
            run.Stdout);
        Assert.Equal(["sandbox.created", "memory.grown"], json.Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => (string?)JsonNode.Parse(l)!["type"]));
        Assert.Equal(["/admin/events?last_event_id=0", "/admin/events?types=memory.%2Cexec&last_event_id=7"], server.Requests.Select(r => r.Target));
    }

    [Fact]
    public async Task A_keep_alive_ends_the_list_at_once()
    {
        await using FakeServer server = Streaming(Created + ": keep-alive\n\n" + Grown, holdsOpen: true);

        Assert.Single((await CliRun.OfAsync(["events"], server.SocketPath)).Stdout.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task Following_goes_on_after_a_restart_with_what_was_missed()
    {
        using var interrupt = new CancellationTokenSource();
        List<string> asked = [];
        await using var server = new FakeServer(_ => Task.FromResult<byte[]?>(null))
        {
            TakesOver = async (request, stream, token) =>
            {
                asked.Add(request.Target);
                await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), token);
                await stream.WriteAsync(Encoding.UTF8.GetBytes(asked.Count == 1 ? Created : Grown), token);
                if (asked.Count == 2)
                {
                    await Task.Delay(200, token);
                    await interrupt.CancelAsync();
                }

                return true;
            },
        };

        CliRun run = await CliRun.OfAsync(["events", "-f"], server.SocketPath, cancellationToken: interrupt.Token);

        Assert.Equal(ExitCode.Interrupted, run.ExitCode);
        Assert.Equal(2, run.Stdout.Count(c => c == '\n'));
        Assert.Equal(["/admin/events", "/admin/events?last_event_id=1"], asked.Take(2));
    }

    [Fact]
    public async Task A_daemon_without_events_is_an_error_and_not_waited_for()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(404, """{"error":"no such route","code":"route_not_found"}"""));

        Assert.Equal((1, "sleighctl: no such route\n  is sleighctl of the same version as sleighd? sleighctl version shows both\n"), Result(await CliRun.OfAsync(["events", "-f"], server.SocketPath)));
        Assert.Equal(ExitCode.Unreachable, (await CliRun.OfAsync(["events", "-f"], "/tmp/sl-none/s")).ExitCode);
    }

    [Fact]
    public async Task The_form_of_event_streams_is_read_whole()
    {
        string text = "data: a\r\ndata: b\r\n\r\n:\n\nevent:x\nid: 9\nignored\n\nevent: y\ndata:c\n\ndata: cut off";
        using var events = new ServerEvents(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        List<ServerEvent> all = [];
        while (await events.NextAsync(CancellationToken.None) is { } next)
        {
            all.Add(next);
        }

        Assert.Equal([new ServerEvent("message", null, "a\nb"), new ServerEvent("", null, ""), new ServerEvent("y", "9", "c")], all);
    }

    private static (int, string) Result(CliRun run) => (run.ExitCode, run.Stderr);

    private static FakeServer Streaming(string events, bool holdsOpen) => new(_ => Task.FromResult<byte[]?>(null))
    {
        TakesOver = async (_, stream, token) =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"u8.ToArray(), token);
            await stream.WriteAsync(Encoding.UTF8.GetBytes(events), token);
            if (holdsOpen)
            {
                // Until the client leaves.
                await stream.ReadAtLeastAsync(new byte[1], 1, throwOnEndOfStream: false, token);
            }

            return true;
        },
    };
}
