using System.Net.Sockets;
using System.Text;
using Sleigh.Cli.Http;

namespace Sleigh.Cli.Tests;

public sealed class UnixHttpClientTests
{
    private static readonly HttpCall Get = new("GET", "/x?token=secret");

    [Fact]
    public async Task A_body_with_a_length_is_read_to_its_last_byte()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(201, "{\"a\":\"é\"}", "X-Request-Id: req_1\r\n"));
        using var client = new UnixHttpClient(server.SocketPath);

        HttpReply reply = await client.SendAsync(Get, CancellationToken.None);

        Assert.Equal(201, reply.Status);
        Assert.Equal("req_1", reply.Headers["x-request-id"]);
        Assert.Equal("{\"a\":\"é\"}", Encoding.UTF8.GetString(reply.Body));
    }

    [Fact]
    public async Task Chunks_with_extensions_and_trailers_are_joined()
    {
        await using FakeServer server = FakeServer.Answering(_ => Encoding.ASCII.GetBytes(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nB\r\n, my friend\r\n0\r\nX-Trailer: 1\r\n\r\n"));
        using var client = new UnixHttpClient(server.SocketPath);

        HttpReply first = await client.SendAsync(Get, CancellationToken.None);
        HttpReply second = await client.SendAsync(Get, CancellationToken.None);

        Assert.Equal("hello, my friend", Encoding.ASCII.GetString(first.Body));
        Assert.Equal(first.Body, second.Body);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task A_body_larger_than_the_buffer_arrives_whole()
    {
        string big = string.Concat(Enumerable.Range(0, 200_000).Select(i => (char)('a' + (i % 26))));
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, big));
        using var client = new UnixHttpClient(server.SocketPath);

        Assert.Equal(big, Encoding.ASCII.GetString((await client.SendAsync(Get, CancellationToken.None)).Body));
    }

    [Fact]
    public async Task Without_a_length_the_body_ends_with_the_connection()
    {
        await using FakeServer server = FakeServer.Answering(_ => "HTTP/1.1 200 OK\r\n\r\nuntil the end"u8.ToArray());
        using var client = new UnixHttpClient(server.SocketPath);

        Assert.Equal("until the end", Encoding.ASCII.GetString((await client.SendAsync(Get, CancellationToken.None)).Body));
        await client.SendAsync(Get, CancellationToken.None);
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task No_content_has_no_body_and_keeps_the_connection()
    {
        await using FakeServer server = FakeServer.Answering(_ => "HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray());
        using var client = new UnixHttpClient(server.SocketPath);

        Assert.Empty((await client.SendAsync(new HttpCall("DELETE", "/x"), CancellationToken.None)).Body);
        await client.SendAsync(new HttpCall("DELETE", "/y"), CancellationToken.None);
        Assert.Equal(1, server.Connections);
    }

    [Fact]
    public async Task Interim_answers_are_passed_over()
    {
        await using FakeServer server = FakeServer.Answering(_ =>
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        using var client = new UnixHttpClient(server.SocketPath);

        HttpReply reply = await client.SendAsync(Get, CancellationToken.None);

        Assert.Equal(200, reply.Status);
        Assert.Equal("ok"u8.ToArray(), reply.Body);
    }

    [Fact]
    public async Task A_connection_the_server_closed_while_idle_is_not_used_again()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, "ok", "Connection: close\r\n"));
        using var client = new UnixHttpClient(server.SocketPath);

        await client.SendAsync(Get, CancellationToken.None);
        await client.SendAsync(Get, CancellationToken.None);

        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task A_streamed_body_goes_out_in_chunks()
    {
        byte[] sent = [.. Enumerable.Range(0, 300_000).Select(i => (byte)i)];
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, "{}"));
        using var client = new UnixHttpClient(server.SocketPath);

        await client.SendAsync(
            new HttpCall("POST", "/import")
            {
                WriteBody = async (body, token) =>
                {
                    await body.WriteAsync(sent.AsMemory(0, 10), token);
                    await body.WriteAsync(sent.AsMemory(10), token);
                },
            },
            CancellationToken.None);

        Request request = Assert.Single(server.Requests);
        Assert.Equal("chunked", request.Headers["Transfer-Encoding"]);
        Assert.Equal(sent, request.Body);
    }

    [Fact]
    public async Task A_post_without_a_body_says_so()
    {
        await using FakeServer server = FakeServer.Answering(_ => FakeServer.Reply(200, "{}"));
        using var client = new UnixHttpClient(server.SocketPath);

        await client.SendAsync(new HttpCall("POST", "/sessions/token"), CancellationToken.None);

        Assert.Equal("0", Assert.Single(server.Requests).Headers["Content-Length"]);
    }

    [Fact]
    public async Task The_answer_to_a_refused_upload_is_read_although_the_rest_cannot_be_sent()
    {
        string folder = Directory.CreateTempSubdirectory("sl-").FullName;
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, "s")));
        listener.Listen();
        Task serving = Task.Run(async () =>
        {
            using Socket socket = await listener.AcceptAsync();
            await socket.ReceiveAsync(new byte[1000]);
            await socket.SendAsync(FakeServer.Reply(400, "{\"error\":\"not a tar\"}"));
        });
        using var client = new UnixHttpClient(Path.Combine(folder, "s"));

        HttpReply reply = await client.SendAsync(
            new HttpCall("POST", "/import")
            {
                WriteBody = async (body, token) =>
                {
                    await body.WriteAsync(new byte[10_000], token);
                    await body.FlushAsync(token);
                    await serving;
                    await body.WriteAsync(new byte[10_000_000], token);
                },
            },
            CancellationToken.None);

        Assert.Equal(400, reply.Status);
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "closed before the reply was complete")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", "closed before the reply was complete")]
    [InlineData("HTTP/1.1 200 OK\r\nConte", "closed before the reply was complete")]
    [InlineData("", "closed before the reply was complete")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "'SSH-2.0-OpenSSH_9.2' is not an HTTP status line")]
    [InlineData("HTTP/1.1 200 OK\r\nnonsense\r\n\r\n", "'nonsense' is not a header")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "'zz' is not a length")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n", "a chunk of 2 bytes is followed by 'llo'")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "Transfer-Encoding 'gzip' is not known")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "'-1' is not a length")]
    public async Task A_cut_off_or_foreign_answer_is_said_to_be_one(string answer, string expected)
    {
        await using FakeServer server = FakeServer.Answering(_ => answer.Length == 0 ? null : Encoding.ASCII.GetBytes(answer));
        server.ClosesAfterAnswer = true;
        using var client = new UnixHttpClient(server.SocketPath);

        var lost = await Assert.ThrowsAsync<LostConnectionException>(() => client.SendAsync(Get, CancellationToken.None));

        Assert.Contains(expected, lost.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", lost.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Unreachable, lost.ExitCode);
    }

    [Fact]
    public async Task A_missing_socket_says_how_to_start_the_daemon()
    {
        using var client = new UnixHttpClient("/tmp/sl-none/sleigh.sock");

        var failure = await Assert.ThrowsAsync<CliException>(() => client.SendAsync(Get, CancellationToken.None));

        Assert.Equal(ExitCode.Unreachable, failure.ExitCode);
        Assert.Equal("cannot reach the daemon at /tmp/sl-none/sleigh.sock: there is no such socket", failure.Message);
        Assert.Contains("make run", failure.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_socket_left_by_a_dead_daemon_is_told_from_a_missing_one()
    {
        string folder = Directory.CreateTempSubdirectory("sl-").FullName;
        using (var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            listener.Bind(new UnixDomainSocketEndPoint(Path.Combine(folder, "s")));
            using var client = new UnixHttpClient(Path.Combine(folder, "s"));

            var failure = await Assert.ThrowsAsync<CliException>(() => client.SendAsync(Get, CancellationToken.None));

            Assert.EndsWith("nobody listens there any more", failure.Message, StringComparison.Ordinal);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void A_path_too_long_for_a_socket_is_a_usage_error()
    {
        var failure = Assert.Throws<CliException>(() => new UnixHttpClient("/tmp/" + new string('x', 200)));

        Assert.Equal(ExitCode.Usage, failure.ExitCode);
        Assert.Contains("has 205 bytes", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_does_not_come_in_time_is_said_to_be_late()
    {
        var never = new TaskCompletionSource<byte[]?>();
        await using var server = new FakeServer(_ => never.Task);
        using var client = new UnixHttpClient(server.SocketPath);

        var failure = await Assert.ThrowsAsync<CliException>(
            () => client.SendAsync(Get with { Timeout = TimeSpan.FromMilliseconds(50) }, CancellationToken.None));
        never.SetResult(null);

        Assert.Contains("did not answer GET /x within", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_side_by_side_each_have_a_connection()
    {
        var both = new TaskCompletionSource();
        int arrived = 0;
        await using var server = new FakeServer(async request =>
        {
            if (Interlocked.Increment(ref arrived) == 2)
            {
                both.SetResult();
            }

            await both.Task;
            return FakeServer.Reply(200, request.Path);
        });
        using var client = new UnixHttpClient(server.SocketPath);

        HttpReply[] replies = await Task.WhenAll(
            client.SendAsync(new HttpCall("GET", "/a"), CancellationToken.None),
            client.SendAsync(new HttpCall("GET", "/b"), CancellationToken.None));

        Assert.Equal(["/a", "/b"], replies.Select(r => Encoding.ASCII.GetString(r.Body)));
    }
}
