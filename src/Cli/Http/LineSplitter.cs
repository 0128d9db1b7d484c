namespace Sleigh.Cli.Http;

/// <summary>A stream to write to that hands on each line, without its line feed, as soon as it is whole. Empty lines are left out.</summary>
internal sealed class LineSplitter : Stream
{
    private const int MaxLineBytes = 1024 * 1024;

    private readonly Action<byte[]> _line;
    private readonly MemoryStream _pending = new();

    public LineSplitter(Action<byte[]> line) => _line = line;

    /// <summary>Hands on what came after the last line feed. Not called when the connection broke: half a line is no line.</summary>
    public void End() => HandOn();

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (buffer.IndexOf((byte)'\n') is >= 0 and var end)
        {
            _pending.Write(buffer[..end]);
            buffer = buffer[(end + 1)..];
            HandOn();
        }

        if (_pending.Length + buffer.Length > MaxLineBytes)
        {
            throw new HttpProtocolException($"a line of the reply is longer than {MaxLineBytes} bytes");
        }

        _pending.Write(buffer);
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _pending.Dispose();
        }

        base.Dispose(disposing);
    }

    private void HandOn()
    {
        if (_pending.Length > 0)
        {
            byte[] line = _pending.ToArray();
            _pending.SetLength(0);
            _line(line);
        }
    }
}
