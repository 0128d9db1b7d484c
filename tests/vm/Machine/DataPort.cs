using System.Net.Sockets;

namespace Sleigh.VmTests.Machine;

/// <summary>A second port of the machine that carries the bytes of files, past the agent and its JSON: 18 MB take half a second.</summary>
internal sealed class DataPort(string socketPath) : IDisposable
{
    private const int ChunkSize = 256 * 1024;

    private readonly SemaphoreSlim _turn = new(1);
    private bool _broken;

    /// <summary>The device in the machine.</summary>
    public const string Device = "/dev/virtio-ports/sleigh.data";

    /// <summary>Sends a file while a command in the machine reads from <see cref="Device"/>.</summary>
    public Task SendAsync(string path, Func<Task> command) => UseAsync(async socket =>
    {
        Task reader = command();
        await using FileStream file = File.OpenRead(path);
        byte[] chunk = new byte[ChunkSize];
        for (int read; (read = await file.ReadAsync(chunk)) > 0;)
        {
            for (int sent = 0; sent < read;)
            {
                // A reader that gave up would let the send wait for ever.
                Task<int> sending = socket.SendAsync(chunk.AsMemory(sent, read - sent)).AsTask();
                if (await Task.WhenAny(sending, reader) == reader)
                {
                    await reader;
                }

                sent += await sending;
            }
        }

        // The command has read all, also when it could not use it.
        await Task.WhenAny(reader);
        _broken = false;
        await reader;
    });

    /// <summary>Receives a file of a known size while a command in the machine writes to <see cref="Device"/>.</summary>
    public Task ReceiveAsync(string path, long size, Func<Task> command) => UseAsync(async socket =>
    {
        Task writer = command();
        await using FileStream file = File.Create(path);
        byte[] chunk = new byte[ChunkSize];
        for (long left = size; left > 0;)
        {
            Task<int> reading = socket.ReceiveAsync(chunk.AsMemory(0, (int)Math.Min(left, ChunkSize))).AsTask();
            if (await Task.WhenAny(reading, writer) == writer)
            {
                await writer;
            }

            int read = await reading.WaitAsync(TimeSpan.FromSeconds(60));
            if (read == 0)
            {
                throw new IOException("QEMU closed the connection");
            }

            await file.WriteAsync(chunk.AsMemory(0, read));
            left -= read;
        }

        await writer;
    });

    public void Dispose() => _turn.Dispose();

    private async Task UseAsync(Func<Socket, Task> transfer)
    {
        await _turn.WaitAsync();
        try
        {
            if (_broken)
            {
                throw new GuestException("an earlier copy stopped half-way; bytes of it may still be in the port");
            }

            _broken = true;
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath));
            await transfer(socket);
            _broken = false;
        }
        finally
        {
            _turn.Release();
        }
    }
}
