using System.Text;

namespace Sleigh.Cgroups;

/// <summary>
/// What <c>/proc/self/mountinfo</c> says about cgroups. Line format: proc_pid_mountinfo(5): id, parent, device, root, mount
/// point, options, optional fields up to a lone <c>-</c>, file system type, source, super options.
/// </summary>
/// <param name="Mode">The layout.</param>
/// <param name="Root">Where version 2 is mounted; null when it is not.</param>
/// <param name="Version1">Mount points of version 1 hierarchies, by controller or <c>name=</c> word.</param>
public sealed record CgroupMounts(CgroupMode Mode, string? Root, IReadOnlyDictionary<string, string> Version1)
{
    private static readonly string[] GenericOptions = ["rw", "ro", "xattr", "noprefix", "clone_children", "favordynmods"];

    /// <summary>Reads mountinfo text. Lines that are cut off or of another type are skipped; of several version 2 mounts the first counts.</summary>
    public static CgroupMounts Parse(string mountinfo)
    {
        string? root = null;
        Dictionary<string, string> version1 = [];
        foreach (string line in mountinfo.Split('\n'))
        {
            string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            int dash = Array.IndexOf(words, "-", Math.Min(words.Length, 6));
            if (dash < 0 || words.Length < dash + 4)
            {
                continue;
            }

            string mountPoint = Unescape(words[4]);
            if (words[dash + 1] == "cgroup2")
            {
                root ??= mountPoint;
            }
            else if (words[dash + 1] == "cgroup")
            {
                foreach (string option in words[dash + 3].Split(',').Where(IsHierarchy))
                {
                    version1.TryAdd(option, mountPoint);
                }
            }
        }

        CgroupMode mode = root is null ? CgroupMode.None : version1.Count == 0 ? CgroupMode.Unified : CgroupMode.Hybrid;
        return new CgroupMounts(mode, root, version1);
    }

    private static bool IsHierarchy(string option) =>
        !GenericOptions.Contains(option) && (!option.Contains('=', StringComparison.Ordinal) || option.StartsWith("name=", StringComparison.Ordinal));

    // The kernel writes space, tab, line feed and backslash as \ooo.
    private static string Unescape(string word)
    {
        if (!word.Contains('\\', StringComparison.Ordinal))
        {
            return word;
        }

        StringBuilder text = new(word.Length);
        for (int i = 0; i < word.Length; i++)
        {
            if (word[i] == '\\' && i + 3 < word.Length && word.AsSpan(i + 1, 3).IndexOfAnyExceptInRange('0', '7') < 0)
            {
                text.Append((char)(((word[i + 1] - '0') * 64) + ((word[i + 2] - '0') * 8) + (word[i + 3] - '0')));
                i += 3;
            }
            else
            {
                text.Append(word[i]);
            }
        }

        return text.ToString();
    }
}
