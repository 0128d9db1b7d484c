using System.Net.Sockets;
using System.Text;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>What a caller is told at a limit: status, reason, and when to come again.</summary>
[Collection(AloneCollection.Name)]
public sealed class LimitTests
{
    [Theory]
    [InlineData(ErrorKind.QuotaExceeded, null, 429, "5")]
    [InlineData(ErrorKind.RateLimited, null, 429, "60")]
    [InlineData(ErrorKind.RateLimited, 0.2, 429, "1")]
    [InlineData(ErrorKind.RateLimited, 9.01, 429, "10")]
    [InlineData(ErrorKind.HostMemoryLow, null, 503, "10")]
    [InlineData(ErrorKind.EngineUnavailable, null, 503, "2")]
    [InlineData(ErrorKind.ShuttingDown, null, 503, "2")]
    public async Task Each_429_and_503_says_when_to_come_again_and_why_it_was_refused(ErrorKind kind, double? seconds, int status, string retryAfter)
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Sandboxes.Fail = new RuntimeException(kind, "the reason") { RetryAfter = seconds is double s ? TimeSpan.FromSeconds(s) : null };

        Answer refused = await api.SendAsync("POST", "/sandboxes", "{}", api.Token());

        Assert.Equal((status, retryAfter, "the reason"), (refused.Status, refused.Headers["Retry-After"], refused.Error));
    }

    [Theory]
    [InlineData("sandboxes_per_session")]
    [InlineData("snapshots_per_sandbox")]
    [InlineData("running_execs_per_sandbox")]
    public async Task A_quota_names_itself_and_its_limit(string quota)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        RuntimeException used = RuntimeException.Quota(quota, 7, "delete one first");
        (api.Sandboxes.Fail, api.Execs.Fail) = (used, used);
        (string path, string body) = quota switch
        {
            "sandboxes_per_session" => ("/sandboxes", "{}"),
            "snapshots_per_sandbox" => ($"/sandboxes/{sandbox}/snapshots", "{}"),
            _ => ($"/sandboxes/{sandbox}/exec", """{"command":"true"}"""),
        };

        Answer refused = (await api.SendAsync("POST", path, body, token)).Is(429, "quota_exceeded", "delete one first");

        Assert.Equal((quota, "7", "5"), (refused.Detail("quota"), refused.Detail("limit"), refused.Headers["Retry-After"]));
    }

    [Fact]
    public async Task Other_errors_say_nothing_of_coming_again()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Sandboxes.Fail = new RuntimeException(ErrorKind.NameInUse, "no") { RetryAfter = TimeSpan.FromSeconds(1) };

        Assert.DoesNotContain("Retry-After", (await api.SendAsync("POST", "/sandboxes", "{}", api.Token())).Headers.Keys);
    }

    [Fact]
    public async Task Connections_above_the_limit_are_closed_and_the_administrators_socket_is_not_cut_off_by_them()
    {
        await using KestrelApi api = await KestrelApi.StartAsync(maxConnections: 2);
        byte[] request = Encoding.UTF8.GetBytes("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
        using Socket one = await api.ConnectAsync();
        using Socket two = await api.ConnectAsync();
        foreach (Socket open in new[] { one, two })
        {
            await open.SendAsync(request);
            Assert.StartsWith("HTTP/1.1 200 ", await KestrelApi.ReadReplyAsync(open), StringComparison.Ordinal);
        }

        Assert.Equal("", await ClosedAsync());
        Assert.StartsWith("HTTP/1.1 200 ", await api.RawAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", overUnixSocket: true), StringComparison.Ordinal);

        one.Dispose();
        string reply = "";
        for (int attempt = 0; reply.Length == 0 && attempt < 200; attempt++)
        {
            await Task.Delay(10);
            reply = await ClosedAsync();
        }

        Assert.StartsWith("HTTP/1.1 200 ", reply, StringComparison.Ordinal);

        async Task<string> ClosedAsync()
        {
            try
            {
                return await api.RawAsync("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
            }
            catch (SocketException)
            {
                // Reset: it was closed with our request unread.
                return "";
            }
        }
    }
}
