using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Sleigh.Linux;

namespace Sleigh.IntegrationTests.Overlay;

/// <summary>Differences of two mounted trees by walking both whole.</summary>
internal static class NaiveDiff
{
    public static List<string> Of(string before, string after)
    {
        SortedDictionary<string, (FileType Type, string Facts)> was = Walk(before);
        SortedDictionary<string, (FileType Type, string Facts)> now = Walk(after);
        List<string> lines = [];
        foreach (string path in was.Keys.Union(now.Keys).Order(StringComparer.Ordinal))
        {
            bool had = was.TryGetValue(path, out (FileType Type, string Facts) a);
            bool has = now.TryGetValue(path, out (FileType Type, string Facts) b);
            string? change = (had, has) switch
            {
                (false, _) => "added",
                (_, false) => "deleted",
                _ when a.Type != b.Type => "type_changed",
                _ => a.Facts == b.Facts ? null : "modified",
            };
            if (change is not null)
            {
                lines.Add($"{change} {path}");
            }
        }

        return lines;
    }

    /// <summary>Each byte as one character, so that the order of the text is that of the bytes.</summary>
    public static string Show(KernelPath path) => Encoding.Latin1.GetString(path.Bytes);

    private static SortedDictionary<string, (FileType Type, string Facts)> Walk(string path)
    {
        var found = new SortedDictionary<string, (FileType Type, string Facts)>(StringComparer.Ordinal);
        using SafeFileHandle root = Files.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory);
        found.Add("/", Describe(root, "."));
        Walk(root, "", found);
        return found;
    }

    private static void Walk(SafeFileHandle directory, string path, SortedDictionary<string, (FileType Type, string Facts)> found)
    {
        foreach (DirectoryEntry entry in Files.ReadDirectory(directory))
        {
            string at = $"{path}/{Show(entry.Name)}";
            if (at is "/proc" or "/sys" or "/dev")
            {
                continue;
            }

            (FileType type, string rest) = Describe(directory, entry.Name);
            found.Add(at, (type, rest));
            if (type == FileType.Directory)
            {
                using SafeFileHandle below = Files.Open(directory, entry.Name, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
                Walk(below, at, found);
            }
        }
    }

    private static (FileType Type, string Facts) Describe(SafeFileHandle directory, KernelPath name)
    {
        FileStatus status = Files.Stat(directory, name);
        string content = status.Type switch
        {
            FileType.SymbolicLink => Files.ReadLink(directory, name).ToString(),
            FileType.Regular => Hash(directory, name),
            _ => $"{status.SpecialDevice}",
        };
        return (status.Type, $"{status.Mode} {status.UserId} {status.GroupId} {content}");
    }

    private static string Hash(SafeFileHandle directory, KernelPath name)
    {
        using var stream = new FileStream(Files.Open(directory, name, OpenFlags.ReadOnly), FileAccess.Read);
        return Convert.ToHexString(SHA256.HashData(stream));
    }
}
