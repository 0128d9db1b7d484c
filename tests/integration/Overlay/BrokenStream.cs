namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Gives some bytes, none of them zero, and then breaks off.</summary>
internal sealed class BrokenStream(int length) : Stream
{
    public bool EndsWell { get; init; }

    public int Left { get; private set; } = length;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        if (Left == 0)
        {
            return EndsWell ? 0 : throw new EndOfStreamException();
        }

        count = Math.Min(count, Left);
        buffer.AsSpan(offset, count).Fill((byte)'b');
        Left -= count;
        return count;
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }
}
