using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Runtime.Auditing;

/// <summary>
/// One reader of an audit log: the last lines there are, then what is added, over files that are put aside meanwhile. It looks at files
/// alone and never waits. A line that was cut off by a full disk is passed on as it is.
/// </summary>
public sealed class AuditTail : IDisposable
{
    private const int Piece = 64 * 1024;

    private readonly string _path;
    private readonly byte[]? _target;
    private readonly List<byte> _half = [];
    private SafeFileHandle? _file;
    private (ulong Device, ulong Inode) _identity;
    private long _offset;

    private AuditTail(string path, string? target) => (_path, _target) = (path, target is null ? null : Encoding.UTF8.GetBytes($"\"{target}\""));

    /// <summary>The lines to begin with, without line feeds.</summary>
    public IReadOnlyList<byte[]> First { get; private set; } = [];

    /// <summary>Opens the log where it ends, and reads its last lines.</summary>
    /// <param name="path">The file that is written to; it need not be there yet.</param>
    /// <param name="last">The most lines to begin with.</param>
    /// <param name="target">Only lines with this id; null: all.</param>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static AuditTail Open(string path, int last, string? target)
    {
        AuditTail tail = new(path, target);
        try
        {
            Queue<byte[]> first = [];
            if (tail.TryOpen(path))
            {
                tail.ReadOn(line => Keep(first, line, last));
            }

            IReadOnlyList<string> older = AuditFiles.PutAside(path);
            int own = tail.IndexOfOwn(older);
            for (int i = (own < 0 ? older.Count : own) - 1; i >= 0 && first.Count < last; i--)
            {
                using AuditTail before = new(path, target);
                if (before.TryOpen(older[i]))
                {
                    Queue<byte[]> earlier = [];
                    int missing = last - first.Count;
                    before.ReadOn(line => Keep(earlier, line, missing));
                    before.Rest(line => Keep(earlier, line, missing));
                    first = new Queue<byte[]>(earlier.Concat(first));
                }
            }

            tail.First = [.. first];
            return tail;
        }
        catch
        {
            tail.Dispose();
            throw;
        }
    }

    /// <summary>Lines that were added since the last call; none: there is nothing new yet.</summary>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public IReadOnlyList<byte[]> Next()
    {
        List<byte[]> lines = [];
        while (true)
        {
            if (_file is null && !TryOpen(_path))
            {
                return lines;
            }

            // Looked at before the reading: what was written up to the moment in which the file was put aside is in it then.
            bool aside = Files.TryStat(Descriptors.WorkingDirectory, _path, out _) is not FileStatus now || (now.Device, now.Inode) != _identity;
            ReadOn(lines.Add);
            if (!aside)
            {
                return lines;
            }

            Rest(lines.Add);
            IReadOnlyList<string> older = AuditFiles.PutAside(_path);
            string next = IndexOfOwn(older) is var own && own + 1 < older.Count ? older[own + 1] : _path;
            _file!.Dispose();
            _file = null;
            if (!TryOpen(next))
            {
                return lines;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private bool TryOpen(string path)
    {
        try
        {
            _file = Files.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking);
        }
        catch (KernelException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }

        FileStatus status = Files.Stat(_file);
        (_identity, _offset) = ((status.Device, status.Inode), 0);
        return true;
    }

    private int IndexOfOwn(IReadOnlyList<string> files)
    {
        for (int i = 0; i < files.Count; i++)
        {
            if (Files.TryStat(Descriptors.WorkingDirectory, files[i], out _) is FileStatus found && (found.Device, found.Inode) == _identity)
            {
                return i;
            }
        }

        return -1;
    }

    private void ReadOn(Action<byte[]> add)
    {
        byte[] buffer = new byte[Piece];
        int read;
        while ((read = RandomAccess.Read(_file!, buffer, _offset)) > 0)
        {
            _offset += read;
            ReadOnlySpan<byte> piece = buffer.AsSpan(0, read);
            while (piece.IndexOf((byte)'\n') is >= 0 and var end)
            {
                _half.AddRange(piece[..end]);
                AddHalf(add);
                piece = piece[(end + 1)..];
            }

            _half.AddRange(piece);
        }
    }

    // What a file that nobody writes to any more ends in without a line feed.
    private void Rest(Action<byte[]> add) => AddHalf(add);

    private void AddHalf(Action<byte[]> add)
    {
        byte[] line = [.. _half];
        _half.Clear();
        if (line.Length > 0 && (_target is null || line.AsSpan().IndexOf(_target) >= 0))
        {
            add(line);
        }
    }

    // The files may be far larger than what is asked for.
    private static void Keep(Queue<byte[]> lines, byte[] line, int most)
    {
        lines.Enqueue(line);
        if (lines.Count > most)
        {
            lines.Dequeue();
        }
    }
}
