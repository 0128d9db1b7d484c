using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.Overlay;

/// <summary>One directory right below a root of the host, or the root itself.</summary>
/// <param name="Name">Its name; empty for the root.</param>
/// <param name="Note">The text of the note that lies in it; null when there is none.</param>
public sealed record ZoneFolder(string Name, string? Note)
{
    /// <summary>
    /// Lists the root and the directories right below it, in the order of their bytes. Links and files are left out, and names that
    /// are no UTF-8, since nobody could ask for them.
    /// </summary>
    /// <param name="root">Absolute path of the root.</param>
    /// <param name="most">How many are given at most, the root among them.</param>
    /// <param name="noteName">The file whose text is wanted; a link to it is not followed. Null: none.</param>
    /// <param name="maxNoteBytes">How much of it is read.</param>
    /// <param name="omitted">How many are left out because there are more than <paramref name="most"/>.</param>
    /// <exception cref="HostPathException">The root is missing.</exception>
    /// <exception cref="KernelException">The kernel refused.</exception>
    public static IReadOnlyList<ZoneFolder> List(string root, int most, string? noteName, int maxNoteBytes, out int omitted)
    {
        using HostDirectory top = HostDirectory.Open(root, "");
        using SafeFileHandle directory = Files.Reopen(top.Handle, OpenFlags.ReadOnly | OpenFlags.Directory);
        List<KernelPath> names = [.. Files.ReadDirectory(directory).Where(entry => IsFolder(directory, entry)).Select(entry => entry.Name)];
        names.Sort((a, b) => a.Bytes.SequenceCompareTo(b.Bytes));
        omitted = Math.Max(0, names.Count + 1 - most);
        List<ZoneFolder> folders = [new ZoneFolder("", NoteIn(directory, noteName, maxNoteBytes))];
        foreach (KernelPath name in names.Take(most - 1))
        {
            using SafeFileHandle? folder = noteName is null
                ? null
                : Files.TryOpen(directory, name, OpenFlags.PathOnly | OpenFlags.Directory | OpenFlags.NoFollow, ResolveFlags.Beneath | ResolveFlags.NoSymlinks, out _);
            folders.Add(new ZoneFolder(name.ToString(), folder is null ? null : NoteIn(folder, noteName, maxNoteBytes)));
        }

        return folders;
    }

    private static bool IsFolder(SafeFileHandle directory, DirectoryEntry entry)
    {
        FileType type = entry.Type == FileType.Unknown ? Files.TryStat(directory, entry.Name, out _)?.Type ?? FileType.Unknown : entry.Type;
        return type == FileType.Directory && System.Text.Unicode.Utf8.IsValid(entry.Name.Bytes);
    }

    private static string? NoteIn(SafeFileHandle folder, string? noteName, int maxBytes)
    {
        if (noteName is null)
        {
            return null;
        }

        using SafeFileHandle? note = Files.TryOpen(
            folder, noteName, OpenFlags.PathOnly | OpenFlags.NoFollow, ResolveFlags.Beneath | ResolveFlags.NoSymlinks, out _);
        if (note is null || Files.Stat(note).Type != FileType.Regular)
        {
            return null;
        }

        using SafeFileHandle file = Files.Reopen(note, OpenFlags.ReadOnly | OpenFlags.NonBlocking);
        byte[] text = new byte[maxBytes];
        int length = 0;
        int read;
        while (length < text.Length && (read = RandomAccess.Read(file, text.AsSpan(length), length)) > 0)
        {
            length += read;
        }

        return Encoding.UTF8.GetString(text, 0, length);
    }
}
