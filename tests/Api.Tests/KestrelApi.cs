using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;
using Sleigh.Api.Peers;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Tests;

/// <summary>The API behind a real server, as the daemon wires it: TCP on loopback and a unix socket.</summary>
internal sealed class KestrelApi : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;

    private KestrelApi(WebApplication app, DirectoryInfo folder, TestApi parts)
    {
        _app = app;
        _folder = folder;
        Parts = parts;
    }

    /// <summary>The fakes.</summary>
    public TestApi Parts { get; }

    public string SocketPath => Path.Combine(_folder.FullName, "s.sock");

    public int Port => new Uri(_app.Services.GetRequiredService<IServer>().Features
        .GetRequiredFeature<IServerAddressesFeature>().Addresses.First(a => a.Contains("127.0.0.1", StringComparison.Ordinal))).Port;

    public static async Task<KestrelApi> StartAsync(SocketPeerPolicy? policy = null, Func<SleighOptions, SleighOptions>? change = null, int maxConnections = 1000)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sl-");
        TestApi parts = await TestApi.StartAsync();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            SleighApi.ConfigureKestrel(kestrel, maxConnections);
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.ListenUnixSocket(
                Path.Combine(folder.FullName, "s.sock"),
                listen => listen.UseSocketPeers(policy ?? SocketPeerPolicy.ForThisHost("no-such-group")));
        });
        WebApplication app = builder.Build();
        SleighApi.Map(app, parts.Dependencies((change ?? (o => o))(new SleighOptions())));
        await app.StartAsync();
        return new KestrelApi(app, folder, parts);
    }

    public async Task<Socket> ConnectAsync(bool overUnixSocket = false)
    {
        Socket socket = overUnixSocket
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(overUnixSocket ? new UnixDomainSocketEndPoint(SocketPath) : new IPEndPoint(IPAddress.Loopback, Port));
        return socket;
    }

    /// <summary>Sends bytes as they are and reads until the reply's body is complete or the server closes.</summary>
    public async Task<string> RawAsync(string request, bool overUnixSocket = false)
    {
        using Socket socket = await ConnectAsync(overUnixSocket);
        await socket.SendAsync(Encoding.UTF8.GetBytes(request));
        return await ReadReplyAsync(socket);
    }

    public static async Task<string> ReadReplyAsync(Socket socket)
    {
        StringBuilder text = new();
        byte[] buffer = new byte[65_536];
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(20));
        while (!IsComplete(text.ToString()))
        {
            int read = await socket.ReceiveAsync(buffer, limit.Token);
            if (read == 0)
            {
                break;
            }

            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }

        return text.ToString();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await Parts.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private static bool IsComplete(string reply)
    {
        int end = reply.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return false;
        }

        string? length = reply[..end].Split("\r\n").FirstOrDefault(h => h.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase));
        return length is not null
            ? Encoding.UTF8.GetByteCount(reply[(end + 4)..]) >= int.Parse(length["Content-Length: ".Length..], System.Globalization.CultureInfo.InvariantCulture)
            : reply.EndsWith("0\r\n\r\n", StringComparison.Ordinal) || reply.StartsWith("HTTP/1.1 204", StringComparison.Ordinal);
    }
}
