using System.Net;
using System.Security.Cryptography;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>A request body of any size, made while it is sent: some mebibytes of noise among zeros, or all noise.</summary>
public sealed class BigBody(long size, bool allNoise = false) : HttpContent
{
    private const int Piece = 1 << 20;

    /// <summary>Of the body, once all has been sent.</summary>
    public byte[] Sha256 { get; private set; } = [];

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] noise = RandomNumberGenerator.GetBytes(Piece);
        byte[] zeros = new byte[Piece];
        for (long sent = 0; sent < size;)
        {
            BitConverter.TryWriteBytes(noise, sent);
            byte[] piece = allNoise || sent / Piece % 16 == 0 ? noise : zeros;
            ReadOnlyMemory<byte> part = piece.AsMemory(0, (int)Math.Min(Piece, size - sent));
            hash.AppendData(part.Span);
            await stream.WriteAsync(part);
            sent += part.Length;
        }

        Sha256 = hash.GetHashAndReset();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = size;
        return true;
    }
}
