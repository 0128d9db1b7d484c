using System.Buffers;
using Sleigh.Api.Attach;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Tests.Attach;

public sealed class AttachFrameTests
{
    [Fact]
    public void A_frame_is_read_only_when_it_has_come_whole()
    {
        byte[] frame = Frame(AttachFrame.Input, "hello"u8);

        for (int length = 0; length < frame.Length; length++)
        {
            ReadOnlySequence<byte> part = new(frame.AsMemory(0, length));
            Assert.False(AttachFrame.TryRead(ref part, out _, out _));
            Assert.Equal(length, part.Length);
        }

        ReadOnlySequence<byte> whole = new(frame);
        Assert.True(AttachFrame.TryRead(ref whole, out byte type, out ReadOnlySequence<byte> payload));
        Assert.Equal((AttachFrame.Input, "hello"), (type, System.Text.Encoding.ASCII.GetString(payload.ToArray())));
        Assert.True(whole.IsEmpty);
    }

    [Fact]
    public void Frames_follow_each_other_across_any_cut()
    {
        byte[] bytes = [.. Frame(AttachFrame.Input, "ab"u8), .. Frame(AttachFrame.EndOfInput, []), .. Frame(AttachFrame.Resize, [0, 50, 0, 132])];

        for (int cut = 0; cut <= bytes.Length; cut++)
        {
            ReadOnlySequence<byte> sequence = Sequence(bytes[..cut], bytes[cut..]);
            List<byte> types = [];
            while (AttachFrame.TryRead(ref sequence, out byte type, out _))
            {
                types.Add(type);
            }

            Assert.Equal([AttachFrame.Input, AttachFrame.EndOfInput, AttachFrame.Resize], types);
        }
    }

    [Theory]
    [InlineData(0, 65_537u, "bad request: frame of type 0 has a payload of 65537 bytes, and 65536 are the most")]
    [InlineData(0, uint.MaxValue, "bad request: frame of type 0 has a payload of 4294967295 bytes, and 65536 are the most")]
    [InlineData(1, 3u, "bad request: frame of type 1 has a payload of 3 bytes")]
    [InlineData(2, 1u, "bad request: frame of type 2 has a payload of 1 bytes")]
    [InlineData(3, 0u, "bad request: frame of type 3 has a payload of 0 bytes")]
    [InlineData(4, 0u, "bad request: frame has the unknown type 4")]
    [InlineData(255, 9u, "bad request: frame has the unknown type 255")]
    public void A_frame_that_makes_no_sense_is_refused_by_its_header_alone(byte type, uint length, string error)
    {
        byte[] header = new byte[5];
        AttachFrame.WriteHeader(header, type, unchecked((int)length));

        ApiException refused = Assert.Throws<ApiException>(() =>
        {
            ReadOnlySequence<byte> sequence = new(header);
            AttachFrame.TryRead(ref sequence, out _, out _);
        });

        Assert.Equal(("invalid_argument", error), (refused.Error.Code, refused.Error.Message));
    }

    [Fact]
    public void The_length_is_written_with_its_most_significant_byte_first()
    {
        byte[] header = new byte[5];

        AttachFrame.WriteHeader(header, AttachFrame.Exit, 0x010203);

        Assert.Equal([2, 0, 1, 2, 3], header);
    }

    internal static byte[] Frame(byte type, ReadOnlySpan<byte> payload)
    {
        byte[] frame = new byte[5 + payload.Length];
        AttachFrame.WriteHeader(frame, type, payload.Length);
        payload.CopyTo(frame.AsSpan(5));
        return frame;
    }

    private static ReadOnlySequence<byte> Sequence(byte[] first, byte[] second)
    {
        Segment start = new(first, null);
        Segment end = new(second, start);
        return new ReadOnlySequence<byte>(start, 0, end, second.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is not null)
            {
                before.Next = this;
                RunningIndex = before.RunningIndex + before.Memory.Length;
            }
        }
    }
}
