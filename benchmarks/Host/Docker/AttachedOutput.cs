using System.Buffers.Binary;

namespace Sleigh.Benchmarks.Host.Docker;

/// <summary>
/// Takes the stream of an attached exec apart: frames of a type byte (1 standard output, 2 standard error), three zero bytes, four bytes of
/// length (big-endian), and so many bytes.
/// </summary>
internal sealed class AttachedOutput : Stream
{
    private readonly byte[] _head = new byte[8];
    private int _headBytes;
    private uint _left;

    /// <summary>Bytes of standard output so far.</summary>
    public long StdoutBytes { get; private set; }

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.Length > 0)
        {
            if (_left == 0)
            {
                int take = Math.Min(buffer.Length, _head.Length - _headBytes);
                buffer[..take].CopyTo(_head.AsSpan(_headBytes));
                _headBytes += take;
                buffer = buffer[take..];
                if (_headBytes == _head.Length)
                {
                    _left = BinaryPrimitives.ReadUInt32BigEndian(_head.AsSpan(4));
                    _headBytes = 0;
                }

                continue;
            }

            int part = (int)Math.Min((uint)buffer.Length, _left);
            StdoutBytes += _head[0] == 1 ? part : 0;
            _left -= (uint)part;
            buffer = buffer[part..];
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
