using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.IntegrationTests.Overlay.RandomTrees;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>All that can be seen of a tree, one line per name: two trees are equal if their lines are.</summary>
public static class TreeManifest
{
    public static IReadOnlyList<string> Of(string path)
    {
        using SafeFileHandle root = Files.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory);
        var lines = new List<string>();
        var names = new Dictionary<(ulong Device, ulong Inode), string>();
        Walk(root, default, lines, names);
        return lines;
    }

    public static void AssertEqual(IReadOnlyList<string> expected, IReadOnlyList<string> actual) =>
        Assert.Equal(
            string.Join('\n', expected.Except(actual).Select(line => "- " + line)),
            string.Join('\n', actual.Except(expected).Select(line => "+ " + line)));

    private static void Walk(
        SafeFileHandle directory, KernelPath path, List<string> lines, Dictionary<(ulong, ulong), string> names)
    {
        lines.Add(Line(directory, ".", path, names));
        foreach (DirectoryEntry entry in Files.ReadDirectory(directory).OrderBy(e => Show(e.Name), StringComparer.Ordinal))
        {
            FileStatus status = Files.Stat(directory, entry.Name);
            if (status.Type == FileType.Directory)
            {
                using SafeFileHandle below = Files.Open(
                    directory, entry.Name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
                Walk(below, path.Join(entry.Name), lines, names);
            }
            else
            {
                lines.Add(Line(directory, entry.Name, path.Join(entry.Name), names));
            }
        }
    }

    private static string Line(
        SafeFileHandle directory, KernelPath name, KernelPath path, Dictionary<(ulong, ulong), string> names)
    {
        FileStatus s = Files.Stat(directory, name);
        var line = new StringBuilder();
        line.Append(CultureInfo.InvariantCulture, $"/{Show(path)} {s.Type} {Convert.ToString(s.Mode, 8)} {s.UserId}:{s.GroupId} ");
        line.Append(CultureInfo.InvariantCulture, $"{s.ModifyTime.Seconds}.{s.ModifyTime.Nanoseconds:D9} dev={s.SpecialDevice:x}");
        foreach (string attribute in ExtendedAttributes.List(directory, name).Order(StringComparer.Ordinal))
        {
            line.Append(CultureInfo.InvariantCulture, $" {attribute}={Convert.ToHexString(ExtendedAttributes.Get(directory, name, attribute)!)}");
        }

        if (s.Type == FileType.SymbolicLink)
        {
            line.Append(CultureInfo.InvariantCulture, $" -> {Show(Files.ReadLink(directory, name))}");
        }

        if (s.Type == FileType.Regular)
        {
            using SafeFileHandle file = Files.Open(directory, name, OpenFlags.ReadOnly);
            line.Append(CultureInfo.InvariantCulture, $" {s.Size} {SparseFile.HashOf(file, s.Size)}");
        }

        if (s.Type != FileType.Directory && !names.TryAdd((s.Device, s.Inode), Show(path)))
        {
            line.Append(CultureInfo.InvariantCulture, $" linked to /{names[(s.Device, s.Inode)]}");
        }

        return line.ToString();
    }

    /// <summary>A path as one word of ASCII.</summary>
    public static string Show(KernelPath path)
    {
        var text = new StringBuilder();
        foreach (byte b in path.Bytes)
        {
            text.Append(b is > 0x20 and < 0x7f ? ((char)b).ToString() : $"\\x{b:x2}");
        }

        return text.ToString();
    }
}
