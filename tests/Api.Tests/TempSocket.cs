using System.Net.Sockets;

namespace Sleigh.Api.Tests;

/// <summary>A connected pair of unix sockets.</summary>
internal sealed class TempSocket : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("sl-");
    private readonly Socket _client = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public Socket Accepted { get; private set; } = null!;

    public static async Task<TempSocket> ConnectAsync()
    {
        TempSocket pair = new();
        UnixDomainSocketEndPoint path = new(Path.Combine(pair._folder.FullName, "s"));
        using Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(path);
        listener.Listen(1);
        await pair._client.ConnectAsync(path);
        pair.Accepted = await listener.AcceptAsync();
        return pair;
    }

    public void Dispose()
    {
        _client.Dispose();
        Accepted.Dispose();
        _folder.Delete(recursive: true);
    }
}
