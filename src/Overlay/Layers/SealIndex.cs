using System.Text;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>
/// Which file of a live layer each file of a sealed one was copied from, and how that looked then: as long as it looks the
/// same, the next seal can share the copy by hard link.
/// </summary>
/// <remarks>
/// "The same" is inode, change time and size; nobody can set a change time. Two changes can hide behind one change time:
/// a second one within the clock's tick, and one through a memory map whose page was dirty already. Both are ruled out
/// by recording only files that had not changed since before the last flush began: a flush write-protects mapped pages
/// again, so the next store to one sets a new change time.
/// </remarks>
internal sealed class SealIndex
{
    private const string Magic = "sleigh-seal-index-1";
    private readonly Dictionary<ulong, Entry> _byInode = [];

    /// <summary>A file of a live layer and its copy's path in the sealed one.</summary>
    public readonly record struct Entry(FileTime ChangeTime, long Size, KernelPath Path);

    public int Count => _byInode.Count;

    public void Add(FileStatus live, KernelPath path) => _byInode[live.Inode] = new Entry(live.ChangeTime, live.Size, path);

    /// <summary>Where the copy of exactly this file is, if there is one.</summary>
    public KernelPath? Find(FileStatus live) =>
        _byInode.TryGetValue(live.Inode, out Entry entry) && entry.ChangeTime == live.ChangeTime && entry.Size == live.Size
            ? (KernelPath?)entry.Path
            : null;

    public void Write(Stream stream)
    {
        using var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true);
        writer.Write(Magic);
        writer.Write(_byInode.Count);
        foreach ((ulong inode, Entry entry) in _byInode)
        {
            writer.Write(inode);
            writer.Write(entry.ChangeTime.Seconds);
            writer.Write(entry.ChangeTime.Nanoseconds);
            writer.Write(entry.Size);
            writer.Write(entry.Path.Bytes.Length);
            writer.Write(entry.Path.Bytes);
        }
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="FormatException">It is cut off or something else.</exception>
    public static SealIndex Read(Stream stream)
    {
        using var reader = new BinaryReader(stream, Encoding.UTF8, leaveOpen: true);
        var index = new SealIndex();
        try
        {
            if (reader.ReadString() != Magic)
            {
                throw new FormatException($"no seal index: it does not begin with '{Magic}'");
            }

            for (int left = reader.ReadInt32(); left > 0; left--)
            {
                ulong inode = reader.ReadUInt64();
                var changed = new FileTime(reader.ReadInt64(), reader.ReadUInt32());
                long size = reader.ReadInt64();
                int length = reader.ReadInt32();
                byte[] path = reader.ReadBytes(length is > 0 and <= 4096 ? length : throw new FormatException($"a path of {length} bytes in a seal index"));
                index._byInode[inode] = path.Length == length
                    ? new Entry(changed, size, KernelPath.FromBytes(path))
                    : throw new EndOfStreamException();
            }

            return index;
        }
        catch (EndOfStreamException ex)
        {
            throw new FormatException($"a seal index is cut off after {index.Count} entries", ex);
        }
    }
}
