using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;

namespace Sleigh.Cli.Tests;

/// <summary>A daemon whose execs are carried by attach channels; the test plays the command.</summary>
public sealed class FakeAttach : IAsyncDisposable
{
    public const string Sandbox = "sbx_0123456789ab";
    public const string Exec = "exec_0123456789ab";

    /// <param name="play">Plays one connection.</param>
    public FakeAttach(Func<Connection, Task> play)
    {
        Server = new FakeServer(request =>
        {
            Calls.Enqueue(request);
            return Task.FromResult<byte[]?>(request.Path.EndsWith("/cancel", StringComparison.Ordinal)
                ? FakeServer.Reply(200, "{}") : FakeServer.Reply(202, $$"""{"id":"{{Exec}}","sandbox_id":"{{Sandbox}}","status":"running"}"""));
        })
        {
            TakesOver = async (request, stream, token) =>
            {
                if (!request.Path.EndsWith("/attach", StringComparison.Ordinal))
                {
                    return false;
                }

                Assert.Equal(("Upgrade", "sleigh-attach"), (request.Headers["Connection"], request.Headers["Upgrade"]));
                await stream.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: sleigh-attach\r\n\r\n"u8.ToArray(), token);
                await play(new Connection(stream, request, ++Connections, token));
                return true;
            },
        };
    }

    public FakeServer Server { get; }

    public string SocketPath => Server.SocketPath;

    public ConcurrentQueue<Request> Calls { get; } = [];

    public int Connections { get; private set; }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    /// <summary>One channel as the daemon sees it.</summary>
    public sealed class Connection(Stream stream, Request request, int number, CancellationToken stopping)
    {
        public int Number => number;

        public Request Request => request;

        public Task StdoutAsync(string text) => SendAsync(0, Encoding.UTF8.GetBytes(text));

        public Task ExitAsync(int code, long stdoutBytes = 0) => SendAsync(2, Encoding.UTF8.GetBytes(
            $$"""{"id":"{{Exec}}","sandbox_id":"{{Sandbox}}","status":"{{(code == 0 ? "succeeded" : "failed")}}","exit_code":{{code}},"stdout_bytes":{{stdoutBytes}},"stderr_bytes":0}"""));

        public async Task SendAsync(byte type, byte[] payload)
        {
            byte[] head = new byte[5];
            head[0] = type;
            BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(1), payload.Length);
            await stream.WriteAsync((byte[])[.. head, .. payload], stopping);
        }

        public async Task<(byte Type, byte[] Payload)?> ReceiveAsync()
        {
            byte[] head = new byte[5];
            if (await stream.ReadAtLeastAsync(head, 5, throwOnEndOfStream: false, stopping) < 5)
            {
                return null;
            }

            byte[] payload = new byte[BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1))];
            Assert.True(payload.Length <= 65536, $"a frame of {payload.Length} bytes");
            await stream.ReadExactlyAsync(payload, stopping);
            return (head[0], payload);
        }

        /// <summary>The next frame of a type; others are passed over.</summary>
        public async Task<byte[]> ReceiveAsync(byte type)
        {
            while (await ReceiveAsync() is { } frame)
            {
                if (frame.Type == type)
                {
                    return frame.Payload;
                }
            }

            throw new EndOfStreamException($"the client left without a frame of type {type}");
        }
    }
}
