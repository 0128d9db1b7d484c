namespace Sleigh.Runtime;

/// <summary>Paths as callers write them, cleaned by their text alone: nothing is looked up.</summary>
public static class PlainPath
{
    /// <summary>
    /// A path below some root: leading slashes are dropped, <c>.</c> and doubled slashes vanish, <c>..</c> takes the part before it
    /// away. Empty for the root itself; null when it leads above the root or holds a NUL.
    /// </summary>
    public static string? Below(string text)
    {
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            return null;
        }

        List<string> parts = [];
        foreach (string part in text.Split('/'))
        {
            if (part == ".." && parts.Count == 0)
            {
                return null;
            }

            Add(parts, part);
        }

        return string.Join('/', parts);
    }

    /// <summary>An absolute path cleaned in the same way; <c>..</c> at the root stays there.</summary>
    public static string Absolute(string text)
    {
        List<string> parts = [];
        foreach (string part in text.Split('/'))
        {
            Add(parts, part);
        }

        return "/" + string.Join('/', parts);
    }

    /// <summary>Whether an absolute path is at or under /proc, /sys or /dev; whole parts count, <c>/devel</c> is none of them.</summary>
    public static bool IsKernels(string absolute) => absolute.Split('/', 3)[1] is "proc" or "sys" or "dev";

    private static void Add(List<string> parts, string part)
    {
        if (part == "..")
        {
            parts.RemoveRange(Math.Max(0, parts.Count - 1), Math.Min(1, parts.Count));
        }
        else if (part is not ("" or "."))
        {
            parts.Add(part);
        }
    }
}
