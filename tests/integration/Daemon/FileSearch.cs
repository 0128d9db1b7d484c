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
        EnumerationOptions all = new() { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint, IgnoreInaccessible = true };
        byte[] buffer = new byte[Piece];
        return folders.SelectMany(folder => new DirectoryInfo(folder).EnumerateFiles("*", all))
            .Where(file => file.Length > 0)
            .SelectMany(file => In(file.FullName, texts, buffer).Select(text => (Text: text, File: file.FullName)))
            .ToLookup(found => found.Text, found => found.File);
    });

    private static List<string> In(string path, IReadOnlyList<string> texts, byte[] buffer)
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
