using System.Net.Sockets;
using System.Text;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests.Ingress;

/// <summary>The API behind a real web server, and one sandbox with one declared port, whose server is a real one on this host's loopback.</summary>
internal sealed record IngressWorld(KestrelApi Api, TestServer Server, string Token, string Sandbox) : IAsyncDisposable
{
    /// <summary>What most servers answer.</summary>
    public const string Reply = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: a=b; Path=/; Domain=x\r\nConnection: close\r\n\r\nok";

    public string Prefix => $"/sandboxes/{Sandbox}/ports/8080";

    public SandboxId Id => SandboxId.Parse(Sandbox);

    public static async Task<IngressWorld> StartAsync(TestServer server, string? domain = null)
    {
        KestrelApi api = await KestrelApi.StartAsync(change: o => o with { Ingress = o.Ingress with { Domain = domain } });
        (string token, string sandbox) = await api.Parts.SandboxAsync();
        api.Parts.Ports.Servers[8080] = server.Port;
        api.Parts.Ports.Put(SandboxId.Parse(sandbox), 8080, null);
        return new IngressWorld(api, server, token, sandbox);
    }

    /// <summary>The beginning of a request, with the token, by path or by host name; its other headers and the empty line are the test's.</summary>
    public string Begin(bool byHost, string method, string path, bool withToken = true) =>
        (byHost ? $"{method} {path} HTTP/1.1\r\nHost: 8080-{Sandbox.Replace('_', '-')}.localhost\r\n" : $"{method} {Prefix}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        + (withToken ? $"X-Session-Token: {Token}\r\n" : "");

    public Task<string> GetAsync(string target, params string[] headers) => Api.RawAsync(
        $"GET {target} HTTP/1.1\r\n{string.Concat(headers.Append(headers.Any(h => h.StartsWith("Host:", StringComparison.Ordinal)) ? "" : "Host: 127.0.0.1").Where(h => h.Length > 0).Select(h => h + "\r\n"))}\r\n");

    /// <summary>Sends a text over a new connection, which is the caller's.</summary>
    public async Task<Socket> SendAsync(string text)
    {
        Socket socket = await Api.ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes(text));
        return socket;
    }

    public static async Task ReadUntilAsync(Socket socket, StringBuilder text, string end)
    {
        byte[] buffer = new byte[4096];
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        while (!text.ToString().Contains(end, StringComparison.Ordinal))
        {
            int count = await socket.ReceiveAsync(buffer, limit.Token);
            Assert.True(count > 0, $"the connection ended after: {text}");
            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
    }

    /// <summary>Until the connection's end, or a reset.</summary>
    public static async Task<string> ReadToEndAsync(Socket socket)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[65_536];
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));
        try
        {
            for (int count; (count = await socket.ReceiveAsync(buffer, limit.Token)) > 0;)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (SocketException reset)
        {
            Assert.Equal(SocketError.ConnectionReset, reset.SocketErrorCode);
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Api.DisposeAsync();
    }
}
