using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>How all files of an upper directory look: names, inodes, sizes, modes and change times. Nobody can set a change time.</summary>
/// <param name="Mark">The digest of it.</param>
/// <param name="Newest">The latest change time.</param>
internal sealed record UpperLook(LayerMark Mark, FileTime Newest)
{
    private const ResolveFlags Inside = ResolveFlags.Beneath | ResolveFlags.NoSymlinks | ResolveFlags.NoMagicLinks;
    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoAccessTime;

    /// <summary>Looks at each file, breadth first: one descriptor whatever the depth, and nothing is recursive.</summary>
    /// <returns>Null: a directory went away meanwhile.</returns>
    public static UpperLook? Take(SafeFileHandle upper, CancellationToken cancellationToken)
    {
        Builder look = new();
        look.Add(default, Files.Stat(upper));
        Queue<KernelPath> directories = new([default]);
        while (directories.TryDequeue(out KernelPath path))
        {
            if (Read(upper, path) is not List<(KernelPath Name, FileStatus Status)> files)
            {
                return null;
            }

            foreach ((KernelPath name, FileStatus status) in files)
            {
                cancellationToken.ThrowIfCancellationRequested();
                KernelPath file = path.Join(name);
                look.Add(file, status);
                if (status.Type == FileType.Directory)
                {
                    directories.Enqueue(file);
                }
            }
        }

        return look.Build();
    }

    private static List<(KernelPath Name, FileStatus Status)>? Read(SafeFileHandle upper, KernelPath path)
    {
        try
        {
            using SafeFileHandle directory = Files.Open(upper, path.IsEmpty ? "." : path, OpenDirectory, Inside);
            List<(KernelPath Name, FileStatus Status)> files = [];
            List<DirectoryEntry> batch = [];
            while (Files.ReadDirectoryBatch(directory, batch))
            {
                files.AddRange(batch.Select(entry => (entry.Name, Files.Stat(directory, entry.Name))));
                batch.Clear();
            }

            return files;
        }
        catch (KernelException gone) when (gone.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP or Errno.ESTALE)
        {
            return null;
        }
    }

    /// <summary>Puts a look together from what another walk sees.</summary>
    public sealed class Builder
    {
        private readonly List<(KernelPath Path, FileStatus Status)> _files = [];
        private bool _isIncomplete;

        /// <summary>A file and how it looked; the top has the empty path.</summary>
        public void Add(KernelPath path, FileStatus status) => _files.Add((path, status));

        /// <summary>Something went away before it was looked at.</summary>
        public void Miss() => _isIncomplete = true;

        /// <summary>The look; null: something went away meanwhile.</summary>
        public UpperLook? Build()
        {
            if (_isIncomplete)
            {
                return null;
            }

            // A filesystem may list the same names in another order.
            _files.Sort((a, b) => a.Path.Bytes.SequenceCompareTo(b.Path.Bytes));
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            FileTime newest = default;
            foreach ((KernelPath path, FileStatus status) in _files)
            {
                AddTo(hash, path, status);
                newest = status.ChangeTime > newest ? status.ChangeTime : newest;
            }

            return new UpperLook(new LayerMark("look:" + Convert.ToHexStringLower(hash.GetHashAndReset())), newest);
        }

        private static void AddTo(IncrementalHash hash, KernelPath path, FileStatus status)
        {
            Span<byte> facts = stackalloc byte[40];
            BinaryPrimitives.WriteUInt64LittleEndian(facts, status.Inode);
            BinaryPrimitives.WriteInt64LittleEndian(facts[8..], status.ChangeTime.Seconds);
            BinaryPrimitives.WriteUInt32LittleEndian(facts[16..], status.ChangeTime.Nanoseconds);
            BinaryPrimitives.WriteInt32LittleEndian(facts[20..], status.Mode);
            BinaryPrimitives.WriteInt64LittleEndian(facts[24..], status.Size);
            BinaryPrimitives.WriteInt32LittleEndian(facts[32..], (int)status.Type);
            BinaryPrimitives.WriteInt32LittleEndian(facts[36..], path.Bytes.Length);
            hash.AppendData(facts);
            hash.AppendData(path.Bytes);
        }
    }
}
