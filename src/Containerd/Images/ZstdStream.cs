using System.ComponentModel;
using System.Diagnostics;

namespace Sleigh.Containerd;

/// <summary>Uncompresses zstd by the program zstd: .NET 10 has no reader for it.</summary>
internal sealed class ZstdStream : ReadOnlyStream
{
    private readonly Process _process;
    private readonly string _what;
    private readonly Task _feeding;
    private bool _ended;

    private ZstdStream(Process process, Stream source, string what)
    {
        _process = process;
        _what = what;
        _feeding = FeedAsync(source);
    }

    public static ZstdStream Start(Stream source, string what)
    {
        var start = new ProcessStartInfo("zstd")
        {
            ArgumentList = { "-dcq" },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            return new ZstdStream(Process.Start(start)!, source, what);
        }
        catch (Win32Exception ex)
        {
            throw new ImageException(ImageErrorKind.ToolFailed, $"{what} is compressed with zstd; install the program zstd to read it", ex);
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        int read = await _process.StandardOutput.BaseStream.ReadAsync(buffer, cancellationToken);
        if (read == 0 && buffer.Length > 0 && !_ended)
        {
            _ended = true;
            await _feeding;
            string complaint = (await _process.StandardError.ReadToEndAsync(cancellationToken)).Trim();
            await _process.WaitForExitAsync(cancellationToken);
            if (_process.ExitCode != 0)
            {
                throw new ImageException(ImageErrorKind.BrokenArchive, $"{_what} cannot be uncompressed: {complaint}");
            }
        }

        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            _process.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task FeedAsync(Stream source)
    {
        try
        {
            await source.CopyToAsync(_process.StandardInput.BaseStream);
            _process.StandardInput.Close();
        }
        catch (Exception ex) when (ex is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It ended early; its exit status tells why.
        }
    }
}
