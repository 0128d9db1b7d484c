using Sleigh.Cli.Http;

namespace Sleigh.Cli.Copy;

/// <summary>
/// A file of exactly the length it had when it was opened: a tar says the length before the bytes. One that grows is cut there; one that
/// becomes shorter is an error.
/// </summary>
internal sealed class FixedLengthFile : ReadStream
{
    private readonly FileStream _file;
    private readonly string _path;
    private readonly Action<int> _read;
    private readonly long _length;
    private long _position;

    /// <param name="path">The file.</param>
    /// <param name="read">Told how many bytes each read gave.</param>
    public FixedLengthFile(string path, Action<int> read)
    {
        _file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        _path = path;
        _read = read;
        _length = _file.Length;
    }

    // The tar writer asks a stream that can seek for its length, and never moves it.
    public override bool CanSeek => true;

    public override long Length => _length;

    public override long Position
    {
        get => _position;
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int wanted = (int)Math.Min(buffer.Length, _length - _position);
        if (wanted == 0)
        {
            return 0;
        }

        int got = await _file.ReadAsync(buffer[..wanted], cancellationToken);
        if (got == 0)
        {
            throw new CliException(
                ExitCode.Failure, $"{Output.Human.OneLine(_path)} became shorter while it was copied", "copy again when nothing writes to it");
        }

        _position += got;
        _read(got);
        return got;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _file.Dispose();
        }

        base.Dispose(disposing);
    }
}
