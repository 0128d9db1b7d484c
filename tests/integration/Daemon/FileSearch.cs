using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Looks for texts in the bytes of all regular files below some folders, as a thief with the disk would.</summary>
internal static class FileSearch
{
    private const int Piece = 4 << 20;

    /// <summary>The files that hold each text. A file that goes meanwhile is passed over.</summary>
    public static Task<ILookup<string, string>> FindAsync(IReadOnlyList<string> folders, IReadOnlyList<string> texts) => Task.Run(() =>
    {
        byte[] buffer = new byte[Piece];
        return folders.SelectMany(folder => Below(KernelPath.FromString(folder)))
            .SelectMany(file => In(file, texts, buffer).Select(text => (Text: text, File: file.ToString())))
            .ToLookup(found => found.Text, found => found.File);
    });

    // By the kernel's own names: those of layers need not be text.
    private static IEnumerable<KernelPath> Below(KernelPath top)
    {
        Queue<KernelPath> directories = new([top]);
        while (directories.TryDequeue(out KernelPath path))
        {
            foreach ((KernelPath name, FileStatus status) in Read(path))
            {
                if (status.Type == FileType.Directory)
                {
                    directories.Enqueue(path.Join(name));
                }
                else if (status is { Type: FileType.Regular, Size: > 0 })
                {
                    yield return path.Join(name);
                }
            }
        }
    }

    private static List<(KernelPath Name, FileStatus Status)> Read(KernelPath path)
    {
        try
        {
            using SafeFileHandle directory = Files.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
            return [.. Files.ReadDirectory(directory)
                .Select(entry => (entry.Name, Status: Files.TryStat(directory, entry.Name, out _)))
                .Where(entry => entry.Status is not null)
                .Select(entry => (entry.Name, entry.Status!.Value))];
        }
        catch (KernelException e) when (e.Errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ESTALE)
        {
            return [];
        }
    }

    private static List<string> In(KernelPath path, IReadOnlyList<string> texts, byte[] buffer)
    {
        List<string> found = [];
        byte[][] wanted = [.. texts.Select(Encoding.UTF8.GetBytes)];
        int overlap = wanted.Max(w => w.Length) - 1;
        try
        {
            // Not by .NET's own call, which asks for a lock that containerd's databases have.
            using SafeFileHandle file = Files.Open(path, OpenFlags.ReadOnly | OpenFlags.NoFollow | OpenFlags.NonBlocking);
            long offset = 0;
            for (int kept = 0, read; (read = RandomAccess.Read(file, buffer.AsSpan(kept), offset)) > 0; offset += read)
            {
                ReadOnlySpan<byte> piece = buffer.AsSpan(0, kept + read);

                // The holes of a sparse file are most of it.
                if (piece.ContainsAnyExcept((byte)0))
                {
                    for (int i = 0; i < wanted.Length; i++)
                    {
                        if (!found.Contains(texts[i]) && piece.IndexOf(wanted[i]) >= 0)
                        {
                            found.Add(texts[i]);
                        }
                    }
                }

                kept = Math.Min(overlap, piece.Length);
                piece[^kept..].CopyTo(buffer);
            }
        }
        catch (KernelException e) when (e.Errno is Errno.ENOENT)
        {
            // It has gone.
        }

        return found;
    }
}
