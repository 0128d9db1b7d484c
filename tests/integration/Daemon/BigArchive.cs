using System.Net;
using System.Security.Cryptography;
using Sleigh.Overlay;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A request body: an archive with one large file, made while it is sent.</summary>
public sealed class BigArchive(string name, long size) : HttpContent
{
    /// <summary>Of the file, once all has been sent.</summary>
    public byte[] Sha256 { get; private set; } = [];

    /// <summary>The file's header.</summary>
    public static byte[] Header(string name, long size)
    {
        byte[] block = new byte[TarBlock.Size];
        TarBlock.Write(block, (byte)'0', System.Text.Encoding.UTF8.GetBytes(name), [], new TarNumbers(0x1A4, 0, 0, size, 0));
        return block;
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        await stream.WriteAsync(Header(name, size));
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] piece = RandomNumberGenerator.GetBytes(1 << 20);
        for (long sent = 0; sent < size;)
        {
            BitConverter.TryWriteBytes(piece, sent);
            ReadOnlyMemory<byte> part = piece.AsMemory(0, (int)Math.Min(piece.Length, size - sent));
            hash.AppendData(part.Span);
            await stream.WriteAsync(part);
            sent += part.Length;
        }

        await stream.WriteAsync(new byte[TarBlock.Padding(size) + (2 * TarBlock.Size)]);
        Sha256 = hash.GetHashAndReset();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = TarBlock.Size + size + TarBlock.Padding(size) + (2 * TarBlock.Size);
        return true;
    }
}
