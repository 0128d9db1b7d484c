using BenchmarkDotNet.Attributes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Sleigh.Containerd;
using Sleigh.Containerd.Protos.Types;

namespace Sleigh.Benchmarks.Micro;

/// <summary>
/// The gRPC channel to containerd: a message to bytes and back, and a whole unary call over a unix socket. The server is Kestrel in this
/// process and answers with what it got, so a call's time is that of both sides.
/// </summary>
public class ChannelBench
{
    private static readonly GrpcMethod<Mount, Mount> Echo = new("bench.Echo", "Same", Mount.Parser, Safe: true);
    private static readonly GrpcCallOptions Options = new("echo", "bench", null, TimeSpan.FromSeconds(10));

    private readonly Mount _mount = new()
    {
        Type = "overlay",
        Source = "overlay",
        Options = { "index=off", "workdir=/var/lib/sleigh/pool/work/1", "upperdir=/var/lib/sleigh/pool/live/1", "lowerdir=/a:/b:/c" },
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("sleigh-micro-").FullName;
    private byte[] _frame = [];
    private WebApplication? _server;
    private GrpcChannel? _channel;

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _frame = GrpcFrame.Write(_mount);
        string socket = Path.Combine(_folder, "echo.sock");
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http2));
        _server = builder.Build();
        _server.Run(AnswerAsync);
        await _server.StartAsync();
        _channel = new GrpcChannel(socket, TimeProvider.System);
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        _channel?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Benchmark]
    public byte[] EncodeFrame() => GrpcFrame.Write(_mount);

    [Benchmark]
    public async Task<int> DecodeFrameAsync()
    {
        using var body = new MemoryStream(_frame);
        return Check(await new GrpcFrameReader(body, 1024 * 1024).ReadAsync(Mount.Parser, CancellationToken.None));
    }

    [Benchmark]
    public async Task<int> UnaryCallAsync() => Check(await _channel!.UnaryAsync(Echo, _mount, Options, CancellationToken.None));

    private static int Check(Mount? mount) => mount is { Options.Count: 4 } ? mount.Options.Count : throw new InvalidOperationException("another message came back");

    private static async Task AnswerAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        context.Response.ContentType = "application/grpc";
        context.Response.DeclareTrailer("grpc-status");
        await context.Response.Body.WriteAsync(body.ToArray());
        context.Response.AppendTrailer("grpc-status", "0");
    }
}
