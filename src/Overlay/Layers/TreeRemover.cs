using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>Deletes a directory with all it holds: any names, any size, any depth, and no link followed.</summary>
internal static class TreeRemover
{
    private const int MaxDepth = 64;

    /// <summary>
    /// Deletes. What lies deeper than <see cref="MaxDepth"/> is moved up to <paramref name="parent"/> under a name from
    /// <paramref name="nameForDeep"/>, for another call: each level costs an open descriptor, and a tenant may nest
    /// thousands.
    /// </summary>
    public static void Remove(
        SafeFileHandle parent, KernelPath name, Func<string> nameForDeep, CancellationToken cancellationToken)
    {
        var open = new Stack<Level>();
        open.Push(Level.Open(parent, name));
        try
        {
            while (open.TryPeek(out Level? level))
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (level.Next() is not DirectoryEntry entry)
                {
                    open.Pop().Dispose();
                    Files.RemoveDirectory(level.Parent, level.Name);
                }
                else if (TypeOf(level.Handle, entry) != FileType.Directory)
                {
                    Files.Unlink(level.Handle, entry.Name);
                }
                else if (open.Count >= MaxDepth)
                {
                    Files.Rename(level.Handle, entry.Name, parent, nameForDeep());
                }
                else
                {
                    open.Push(Level.Open(level.Handle, entry.Name));
                }
            }
        }
        finally
        {
            while (open.TryPop(out Level? level))
            {
                level.Dispose();
            }
        }
    }

    private static FileType TypeOf(SafeFileHandle directory, DirectoryEntry entry) =>
        entry.Type != FileType.Unknown ? entry.Type : Files.Stat(directory, entry.Name).Type;

    /// <summary>One directory on the way down, with the names of it that were read and not yet dealt with.</summary>
    private sealed class Level(SafeFileHandle parent, KernelPath name, SafeFileHandle handle) : IDisposable
    {
        private readonly List<DirectoryEntry> _entries = [];
        private int _next;

        public SafeFileHandle Parent { get; } = parent;

        public KernelPath Name { get; } = name;

        public SafeFileHandle Handle { get; } = handle;

        public static Level Open(SafeFileHandle parent, KernelPath name) =>
            new(parent, name, Files.Open(parent, name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow));

        public DirectoryEntry? Next()
        {
            while (_next == _entries.Count)
            {
                _next = 0;
                _entries.Clear();
                if (!Files.ReadDirectoryBatch(Handle, _entries))
                {
                    return null;
                }
            }

            return _entries[_next++];
        }

        public void Dispose() => Handle.Dispose();
    }
}
