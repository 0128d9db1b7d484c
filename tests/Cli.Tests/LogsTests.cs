using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Sleigh.Cli.Tests;

public sealed class LogsTests
{
    private const string Sandbox = "sbx_0123456789ab";
    private const string Exec = "exec_0123456789ab";

    private readonly Dictionary<string, byte[]> _output = new() { ["stdout"] = "one\ntwo\nthree\n"u8.ToArray(), ["stderr"] = "oops\nagain"u8.ToArray() };

    [Fact]
    public async Task A_sandboxs_latest_command_is_shown_stream_by_stream()
    {
        await using FakeServer server = FakeServer.Answering(Answer);

        CliRun run = await CliRun.OfAsync(["logs", Sandbox], server.SocketPath);
        CliRun json = await CliRun.OfAsync(["logs", "exec_01", "-o", "json"], server.SocketPath);

        Assert.Equal((0, "one\ntwo\nthree\n", "oops\nagain"), (run.ExitCode, run.Stdout, run.Stderr));
        Assert.Equal($"/admin/execs?sandbox_id={Sandbox}&limit=1", server.Requests[0].Target);
        Assert.Equal((Exec, "running", "oops\nagain"), ((string?)json.Json["id"], (string?)json.Json["status"], (string?)json.Json["stderr"]));
    }

    [Theory]
    [InlineData("0", "", "")]
    [InlineData("1", "three\n", "again")]
    [InlineData("2", "two\nthree\n", "oops\nagain")]
    [InlineData("9", "one\ntwo\nthree\n", "oops\nagain")]
    public async Task Tail_begins_with_the_last_lines(string lines, string stdout, string stderr)
    {
        await using FakeServer server = FakeServer.Answering(Answer);

        CliRun run = await CliRun.OfAsync(["logs", Exec, "--tail", lines], server.SocketPath);

        Assert.Equal((0, stdout, stderr), (run.ExitCode, run.Stdout, run.Stderr));
    }

    [Fact]
    public async Task Tail_finds_its_line_in_output_of_many_pieces()
    {
        _output["stdout"] = Encoding.ASCII.GetBytes("first\n" + new string('x', 700_000) + "\nlast\n");
        await using FakeServer server = FakeServer.Answering(Answer);

        CliRun run = await CliRun.OfAsync(["logs", Exec, "--stdout", "--tail", "2"], server.SocketPath);

        Assert.Equal(700_000 + 6, run.StdoutBytes.Length);
        Assert.Equal("", run.Stderr);
    }

    [Fact]
    public async Task Following_goes_on_where_a_restart_broke_it_off_and_ends_with_the_command()
    {
        List<string> asked = [];
        await using var server = new FakeServer(r => Task.FromResult<byte[]?>(Answer(r)))
        {
            TakesOver = async (request, stream, token) =>
            {
                if (!request.Path.EndsWith("/stream", StringComparison.Ordinal))
                {
                    return false;
                }

                asked.Add($"{request.Query["stdout_offset"]}.{request.Query["stderr_offset"]}.{request.Query["encoding"]}");
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray(), token);
                string events = asked.Count == 1
                    ? ": keep-alive\n\n" + Event("stdout", 0, "one\n") + Event("stderr", 0, "é"[..1])
                    : Event("stdout", 4, "two\n") + "event: exit\ndata: {\"id\":\"exec_1\",\"status\":\"failed\",\"exit_code\":3}\n\n";
                byte[] bytes = Encoding.UTF8.GetBytes(events);
                await stream.WriteAsync(Encoding.ASCII.GetBytes($"{bytes.Length:x}\r\n"), token);
                await stream.WriteAsync((byte[])[.. bytes, 13, 10], token);
                return true;
            },
        };

        CliRun run = await CliRun.OfAsync(["logs", Sandbox, "-f"], server.SocketPath);

        Assert.Equal((0, "one\ntwo\n", "ésleighctl: exec_1 failed, exit code 3\n"), (run.ExitCode, run.Stdout, run.Stderr));
        Assert.Equal(["0.0.base64", "4.2.base64"], asked);
    }

    [Fact]
    public async Task What_is_not_there_is_said()
    {
        await using FakeServer none = FakeServer.Answering(_ => FakeServer.Reply(200, """{"items":[]}"""));

        CliRun sandbox = await CliRun.OfAsync(["logs", Sandbox], none.SocketPath);
        CliRun exec = await CliRun.OfAsync(["logs", "exec_77"], none.SocketPath);
        CliRun both = await CliRun.OfAsync(["logs", Sandbox, "--stdout", "--stderr"], none.SocketPath);

        Assert.Equal((1, $"sleighctl: no command has run in {Sandbox} yet\n  run one: sleighctl exec {Sandbox} -- PROGRAM\n"), (sandbox.ExitCode, sandbox.Stderr));
        Assert.StartsWith("sleighctl: no exec has the id or name 'exec_77'\n", exec.Stderr, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, both.ExitCode);
    }

    private byte[] Answer(Request request)
    {
        if (request.Path == "/admin/execs")
        {
            return FakeServer.Reply(200, $$"""{"items":[{"id":"{{Exec}}","sandbox_id":"{{Sandbox}}","status":"running"}]}""");
        }

        Assert.Equal($"/sandboxes/{Sandbox}/exec/{Exec}/output", request.Path);
        byte[] all = _output[request.Query["stream"]];
        int offset = int.Parse(request.Query["offset"], CultureInfo.InvariantCulture);
        byte[] piece = [.. all.Skip(offset).Take(int.Parse(request.Query["limit"], CultureInfo.InvariantCulture))];
        return FakeServer.Reply(200, new JsonObject
        {
            ["next_offset"] = offset + piece.Length, ["stored_bytes"] = all.Length, ["data"] = Convert.ToBase64String(piece),
        }.ToJsonString());
    }

    private static string Event(string stream, int offset, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return $"id: 1.1\nevent: {stream}\ndata: {{\"offset\":{offset},\"next_offset\":{offset + bytes.Length},\"data\":\"{Convert.ToBase64String(bytes)}\"}}\n\n";
    }
}
