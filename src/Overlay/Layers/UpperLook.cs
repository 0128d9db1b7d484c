using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>How all files of an upper directory look: names, inodes, sizes, modes and change times. Nobody can set a change time.</summary>
/// <remarks>Nothing is kept of a file once it is in the digest: memory does not grow with the tree.</remarks>
/// <param name="Mark">The digest of it.</param>
/// <param name="Newest">The latest change time.</param>
internal sealed record UpperLook(LayerMark Mark, FileTime Newest)
{
    private const ResolveFlags Inside = ResolveFlags.Beneath | ResolveFlags.NoSymlinks | ResolveFlags.NoMagicLinks;
    /// <summary>So many directories of one are read before its next ones are looked for.</summary>
    internal const int AtOnce = 512;

    private const int FactsSize = 36;
    private const OpenFlags OpenDirectory = OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoAccessTime;

    /// <summary>
    /// Looks at each file, what was found last first: one descriptor whatever the depth, and nothing is recursive. At most <see cref="AtOnce"/> directories and some
    /// of each level wait to be read; the rest is looked up when they are done.
    /// </summary>
    /// <returns>Null: something went away meanwhile.</returns>
    public static UpperLook? Take(SafeFileHandle upper, CancellationToken cancellationToken)
    {
        Builder look = new();
        look.Add(default, Files.Stat(upper));
        Stack<(KernelPath Path, long From)> waiting = new([(default, 0)]);
        while (waiting.TryPop(out (KernelPath Path, long From) next))
        {
            if (!TryRead(upper, next.Path, next.From, look, waiting, cancellationToken))
            {
                return null;
            }
        }

        return look.Build();
    }

    private static bool TryRead(
        SafeFileHandle upper, KernelPath path, long from, Builder look, Stack<(KernelPath Path, long From)> waiting, CancellationToken cancellationToken)
    {
        try
        {
            using SafeFileHandle directory = Files.Open(upper, path.IsEmpty ? "." : path, OpenDirectory, Inside);
            if (from != 0)
            {
                Files.SeekDirectory(directory, from);
            }

            List<KernelPath> below = [];
            List<DirectoryEntry> batch = [];
            while (Files.ReadDirectoryBatch(directory, batch))
            {
                foreach (DirectoryEntry entry in batch)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    KernelPath file = path.Join(entry.Name);
                    FileStatus status = Files.Stat(directory, entry.Name);
                    look.Add(file, status);
                    if (status.Type == FileType.Directory)
                    {
                        below.Add(file);
                    }
                }

                if (below.Count >= AtOnce)
                {
                    waiting.Push((path, batch[^1].Next));
                    break;
                }

                batch.Clear();
            }

            below.ForEach(found => waiting.Push((found, 0)));
            return true;
        }
        catch (KernelException gone) when (gone.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP or Errno.ESTALE)
        {
            return false;
        }
    }

    /// <summary>
    /// Puts a look together from what another walk sees: a sum of one digest for each file, so that the order does not matter, in which a filesystem
    /// may list the same names in another way. No path comes twice.
    /// </summary>
    public sealed class Builder
    {
        private readonly ulong[] _sum = new ulong[SHA256.HashSizeInBytes / sizeof(ulong)];
        private byte[] _facts = new byte[FactsSize + 256];
        private FileTime _newest;
        private bool _isIncomplete;

        /// <summary>A file and how it looked; the top has the empty path.</summary>
        public void Add(KernelPath path, FileStatus status)
        {
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(Facts(path, status), digest);
            for (int i = 0; i < _sum.Length; i++)
            {
                _sum[i] += BinaryPrimitives.ReadUInt64LittleEndian(digest[(i * sizeof(ulong))..]);
            }

            _newest = status.ChangeTime > _newest ? status.ChangeTime : _newest;
        }

        /// <summary>Something went away before it was looked at.</summary>
        public void Miss() => _isIncomplete = true;

        /// <summary>The look; null: something went away meanwhile.</summary>
        public UpperLook? Build() => _isIncomplete
            ? null
            : new UpperLook(new LayerMark("look:" + string.Concat(_sum.Select(part => part.ToString("x16", CultureInfo.InvariantCulture)))), _newest);

        private ReadOnlySpan<byte> Facts(KernelPath path, FileStatus status)
        {
            int length = FactsSize + path.Bytes.Length;
            if (_facts.Length < length)
            {
                _facts = new byte[2 * length];
            }

            Span<byte> facts = _facts.AsSpan(0, length);
            BinaryPrimitives.WriteUInt64LittleEndian(facts, status.Inode);
            BinaryPrimitives.WriteInt64LittleEndian(facts[8..], status.ChangeTime.Seconds);
            BinaryPrimitives.WriteUInt32LittleEndian(facts[16..], status.ChangeTime.Nanoseconds);
            BinaryPrimitives.WriteInt32LittleEndian(facts[20..], status.Mode);
            BinaryPrimitives.WriteInt64LittleEndian(facts[24..], status.Size);
            BinaryPrimitives.WriteInt32LittleEndian(facts[32..], (int)status.Type);
            path.Bytes.CopyTo(facts[FactsSize..]);
            return facts;
        }
    }
}
