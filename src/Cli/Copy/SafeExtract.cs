using System.Formats.Tar;

namespace Sleigh.Cli.Copy;

/// <summary>
/// Unpacks a tar from a sandbox below one directory of this machine, and nowhere else: whatever runs in the sandbox may have made the
/// archive.
/// </summary>
/// <remarks>
/// A member whose name leads out, or through a symbolic link (of the archive or one that stood there), is refused. Files belong to whoever
/// copies; the bits setuid, setgid and sticky are dropped, devices and pipes skipped. A hard link becomes a file of its own.
/// </remarks>
internal sealed class SafeExtract
{
    private const UnixFileMode Permissions = (UnixFileMode)0b111_111_111;

    private readonly string _root;
    private readonly Func<string, string?> _rename;
    private readonly CopyTotals _totals;
    private readonly Action _progress;
    private bool _isNew;
    private readonly List<(string Path, UnixFileMode Mode, DateTimeOffset Modified)> _directories = [];

    /// <param name="root">The directory; made where it is missing.</param>
    /// <param name="rename">Gives a member's name below the directory, <c>""</c> for the directory itself, null to leave the member out.</param>
    /// <param name="totals">Counts.</param>
    /// <param name="progress">Called as bytes come in.</param>
    public SafeExtract(string root, Func<string, string?> rename, CopyTotals totals, Action progress)
    {
        _root = root;
        _rename = rename;
        _totals = totals;
        _progress = progress;
    }

    /// <summary>Unpacks to the end of the tar.</summary>
    /// <exception cref="CliException">A member is refused or cannot be written; what came before it stays.</exception>
    public async Task RunAsync(Stream source, CancellationToken cancellationToken)
    {
        await using var tar = new TarReader(source, leaveOpen: true);
        _isNew = !Directory.Exists(_root);
        Make(_root);
        try
        {
            while (await NextAsync(tar, cancellationToken) is { } entry)
            {
                if (_rename(entry.Name) is { } name)
                {
                    await ExtractAsync(entry, name, cancellationToken);
                }
            }
        }
        finally
        {
            // At the end, since a directory may be one that cannot be written to; inner ones first.
            foreach ((string path, UnixFileMode mode, DateTimeOffset modified) in _directories.AsEnumerable().Reverse())
            {
                File.SetUnixFileMode(path, mode);
                Directory.SetLastWriteTimeUtc(path, modified.UtcDateTime);
            }
        }
    }

    private static async Task<TarEntry?> NextAsync(TarReader tar, CancellationToken cancellationToken)
    {
        try
        {
            return await tar.GetNextEntryAsync(copyData: false, cancellationToken);
        }
        catch (Exception ex) when (ex is InvalidDataException or FormatException or EndOfStreamException)
        {
            throw new CliException(ExitCode.Failure, $"the daemon's archive is not a sound tar: {ex.Message}", null, ex);
        }
    }

    private async Task ExtractAsync(TarEntry entry, string name, CancellationToken cancellationToken)
    {
        string path = Locate(name, entry.Name);
        if (path == _root)
        {
            // What the target itself is was settled before.
            ExtractRoot(entry);
            return;
        }

        try
        {
            switch (entry.EntryType)
            {
                case TarEntryType.Directory:
                    ExtractDirectory(entry, path);
                    break;
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile:
                    Clear(path);
                    await WriteAsync(path, entry.DataStream ?? Stream.Null, entry, cancellationToken);
                    break;
                case TarEntryType.SymbolicLink:
                    Clear(path);
                    File.CreateSymbolicLink(path, entry.LinkName);
                    break;
                case TarEntryType.HardLink:
                    await CopyAsync(Locate(_rename(entry.LinkName) ?? throw Outside(entry.LinkName), entry.LinkName), path, entry, cancellationToken);
                    break;
                default:
                    _totals.Skip(entry.Name);
                    return;
            }
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failure, $"cannot write {Output.Human.OneLine(path)}: {ex.Message}", null, ex);
        }

        _totals.Members++;
    }

    private void ExtractRoot(TarEntry entry)
    {
        if (entry.EntryType != TarEntryType.Directory)
        {
            throw Outside(entry.Name);
        }

        if (_isNew)
        {
            _directories.Add((_root, entry.Mode & Permissions, entry.ModificationTime));
        }

        _totals.Members++;
    }

    private async Task CopyAsync(string original, string path, TarEntry entry, CancellationToken cancellationToken)
    {
        if (new FileInfo(original).LinkTarget is { } target)
        {
            Clear(path);
            File.CreateSymbolicLink(path, target);
            return;
        }

        await using var file = new FileStream(original, FileMode.Open, FileAccess.Read);
        Clear(path);
        await WriteAsync(path, file, entry, cancellationToken);
    }

    private void ExtractDirectory(TarEntry entry, string path)
    {
        if (!IsRealDirectory(path))
        {
            Clear(path);
            Directory.CreateDirectory(path);
        }

        File.SetUnixFileMode(path, (entry.Mode & Permissions) | UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        _directories.Add((path, entry.Mode & Permissions, entry.ModificationTime));
    }

    private async Task WriteAsync(string path, Stream data, TarEntry entry, CancellationToken cancellationToken)
    {
        // CreateNew never follows a link.
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0, UnixCreateMode = entry.Mode & Permissions,
        };
        await using (var file = new FileStream(path, options))
        {
            byte[] buffer = new byte[128 * 1024];
            for (int read; (read = await data.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                await file.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                _totals.Bytes += read;
                _progress();
            }
        }

        File.SetUnixFileMode(path, entry.Mode & Permissions);
        File.SetLastWriteTimeUtc(path, entry.ModificationTime.UtcDateTime);
    }

    // The path of a member, every directory above it made or found to be a real one.
    private string Locate(string name, string nameInTar)
    {
        string path = _root;
        string[] parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < parts.Length; i++)
        {
            if (parts[i] == ".." || parts[i].Contains('\0', StringComparison.Ordinal))
            {
                throw Outside(nameInTar);
            }

            if (parts[i] == ".")
            {
                continue;
            }

            path = Path.Combine(path, parts[i]);
            if (i < parts.Length - 1)
            {
                Make(path, nameInTar);
            }
        }

        return path;
    }

    private static void Make(string path, string nameInTar)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new CliException(
                ExitCode.Failure,
                $"the archive's member '{Output.Human.OneLine(nameInTar)}' would be written through the symbolic link {Output.Human.OneLine(path)}; nothing is written there",
                "copy to a new directory");
        }

        Make(path);
    }

    private static void Make(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Failure, $"cannot make the directory {Output.Human.OneLine(path)}: {ex.Message}", null, ex);
        }
    }

    // What is replaced: a file or a link, itself and not what it points to. A directory stays and makes the write fail.
    private static void Clear(string path)
    {
        if (!IsRealDirectory(path))
        {
            File.Delete(path);
        }
    }

    private static bool IsRealDirectory(string path) => Directory.Exists(path) && new DirectoryInfo(path).LinkTarget is null;

    private static CliException Outside(string nameInTar) => new(
        ExitCode.Failure, $"the archive's member '{Output.Human.OneLine(nameInTar)}' would be written outside of the target; it is refused", null);
}
