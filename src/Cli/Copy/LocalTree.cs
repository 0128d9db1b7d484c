using System.Formats.Tar;

namespace Sleigh.Cli.Copy;

/// <summary>Writes files, links and directories of this machine as a tar, one member at a time.</summary>
/// <remarks>
/// Owners are left out: inside, everything belongs to root, whoever it belonged to here. A link is a link, wherever it points. Devices,
/// pipes and sockets are skipped and counted.
/// </remarks>
internal sealed class LocalTree
{
    private readonly string _path;
    private readonly string? _name;
    private readonly CopyTotals _totals;
    private readonly Action _progress;

    /// <param name="path">A file, a link, or a directory with all in it.</param>
    /// <param name="name">What it is called in the tar; null: only what is in the directory, without itself.</param>
    /// <param name="totals">Counts.</param>
    /// <param name="progress">Called as bytes go out.</param>
    public LocalTree(string path, string? name, CopyTotals totals, Action progress)
    {
        _path = path;
        _name = name;
        _totals = totals;
        _progress = progress;
    }

    /// <summary>Bytes of all files below a path, for a progress bar.</summary>
    public static long Measure(string path)
    {
        if (!Directory.Exists(path) || IsLink(path))
        {
            return IsLink(path) ? 0 : new FileInfo(path).Length;
        }

        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        return new DirectoryInfo(path).EnumerateFiles("*", options).Sum(f => f.Length);
    }

    /// <summary>Writes the tar.</summary>
    /// <exception cref="CliException">A file cannot be read.</exception>
    public async Task WriteAsync(Stream target, CancellationToken cancellationToken)
    {
        await using var tar = new TarWriter(target, TarEntryFormat.Pax, leaveOpen: true);
        var waiting = new Stack<(string Path, string Name)>();
        waiting.Push((_path, _name ?? ""));
        while (waiting.TryPop(out (string Path, string Name) next))
        {
            bool isDirectory = await WriteOneAsync(tar, next.Path, next.Name, cancellationToken);
            if (isDirectory)
            {
                foreach (string child in Children(next.Path))
                {
                    string name = Path.GetFileName(child);
                    waiting.Push((child, next.Name.Length == 0 ? name : $"{next.Name}/{name}"));
                }
            }
        }
    }

    // Returns whether it is a directory to go into.
    private async Task<bool> WriteOneAsync(TarWriter tar, string path, string name, CancellationToken cancellationToken)
    {
        try
        {
            var info = new FileInfo(path);
            TarEntryType? type = info.LinkTarget is not null ? TarEntryType.SymbolicLink
                : Directory.Exists(path) ? TarEntryType.Directory
                : IsOrdinary(info) ? TarEntryType.RegularFile : null;
            if (type is null)
            {
                _totals.Skip(path);
                return false;
            }

            if (name.Length > 0)
            {
                var entry = new PaxTarEntry(type.Value, name) { ModificationTime = info.LastWriteTimeUtc, Uid = 0, Gid = 0 };
                if (type == TarEntryType.SymbolicLink)
                {
                    entry.LinkName = info.LinkTarget!;
                }
                else
                {
                    entry.Mode = File.GetUnixFileMode(path);
                }

                await using FixedLengthFile? data = type == TarEntryType.RegularFile ? new FixedLengthFile(path, Count) : null;
                if (data is not null)
                {
                    entry.DataStream = data;
                }

                await tar.WriteEntryAsync(entry, cancellationToken);
                _totals.Members++;
            }

            return type == TarEntryType.Directory;
        }
        catch (UnauthorizedAccessException ex)
        {
            throw Unreadable(path, ex);
        }
        catch (FileNotFoundException ex)
        {
            throw Unreadable(path, ex);
        }
    }

    private static IEnumerable<string> Children(string path)
    {
        try
        {
            return Directory.GetFileSystemEntries(path).OrderDescending(StringComparer.Ordinal);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, ex);
        }
    }

    private void Count(int bytes)
    {
        _totals.Bytes += bytes;
        _progress();
    }

    // To open a pipe would wait for its other end. .NET shows pipes, sockets and devices as files with the attribute Device or none.
    private static bool IsOrdinary(FileInfo info)
    {
        if (!info.Exists)
        {
            throw new FileNotFoundException($"there is no {Output.Human.OneLine(info.FullName)}");
        }

        return info.Length > 0 || SpecialFiles.IsRegular(info.FullName);
    }

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private static CliException Unreadable(string path, Exception cause) =>
        new(ExitCode.Failure, $"cannot read {Output.Human.OneLine(path)}: {cause.Message}", null, cause);
}
