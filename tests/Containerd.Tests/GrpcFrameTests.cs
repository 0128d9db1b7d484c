using Sleigh.Containerd.Protos.Types;

namespace Sleigh.Containerd.Tests;

public sealed class GrpcFrameTests
{
    [Fact]
    public void A_message_has_five_bytes_in_front()
    {
        byte[] frame = GrpcFrame.Write(new Mount { Type = "bind" });

        Assert.Equal([0, 0, 0, 0, 6, 0x0a, 4, (byte)'b', (byte)'i', (byte)'n', (byte)'d'], frame);
        Assert.Equal(6, GrpcFrame.ReadLength(frame, 100));
    }

    [Theory]
    [InlineData("", "a message header of 0 bytes is cut off")]
    [InlineData("00000000", "a message header of 4 bytes is cut off")]
    [InlineData("0100000001", "a message with flags 1 (compressed) was not asked for")]
    [InlineData("0000000011", "a message of 17 bytes is larger than the limit of 16")]
    [InlineData("00ffffffff", "a message of 4294967295 bytes is larger than the limit of 16")]
    public void A_bad_header_is_refused(string hex, string message)
    {
        var error = Assert.Throws<InvalidDataException>(() => GrpcFrame.ReadLength(Convert.FromHexString(hex), 16));

        Assert.Equal(message, error.Message);
    }

    [Fact]
    public async Task Messages_are_read_one_after_the_other_however_they_are_cut()
    {
        byte[] both = [.. GrpcFrame.Write(new Mount { Type = "a" }), .. GrpcFrame.Write(new Mount())];
        var reader = new GrpcFrameReader(new DripStream(both), 100);

        Assert.Equal("a", (await reader.ReadAsync(Mount.Parser, CancellationToken.None))!.Type);
        Assert.Equal("", (await reader.ReadAsync(Mount.Parser, CancellationToken.None))!.Type);
        Assert.Null(await reader.ReadAsync(Mount.Parser, CancellationToken.None));
    }

    [Theory]
    [InlineData("000000000512", "a message of 5 bytes ends after 1")]
    [InlineData("0000000001ff", "a message of 1 bytes is not valid: ")]
    [InlineData("000000", "a message header of 3 bytes is cut off")]
    public async Task A_bad_message_is_refused(string hex, string message)
    {
        var reader = new GrpcFrameReader(new MemoryStream(Convert.FromHexString(hex)), 100);

        var error = await Assert.ThrowsAsync<InvalidDataException>(async () => await reader.ReadAsync(Mount.Parser, CancellationToken.None));

        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    private sealed class DripStream : MemoryStream
    {
        public DripStream(byte[] bytes)
            : base(bytes)
        {
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(1, buffer.Length)], cancellationToken);
    }
}
