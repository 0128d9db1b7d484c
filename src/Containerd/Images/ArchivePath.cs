namespace Sleigh.Containerd;

/// <summary>Names of members of an archive. They never become names of files; a name that tries to lead elsewhere is refused all the same.</summary>
internal static class ArchivePath
{
    /// <summary>The name without "./" and a closing "/".</summary>
    /// <exception cref="ImageException">UnsafeArchive.</exception>
    public static string Normalise(string name)
    {
        string[] parts = [.. name.Split('/').Where(part => part is not ("" or "."))];
        if (name.StartsWith('/') || name.Contains('\0', StringComparison.Ordinal) || parts.Contains(".."))
        {
            throw new ImageException(ImageErrorKind.UnsafeArchive, $"the archive holds the name '{name}', which leads out of it");
        }

        return string.Join('/', parts);
    }

    /// <summary>The member that a link means.</summary>
    /// <param name="name">The link's own name, normalised.</param>
    /// <param name="target">What it points to.</param>
    /// <param name="hard">A hard link names a member from the archive's top, a symbolic one from where it stands.</param>
    /// <exception cref="ImageException">UnsafeArchive.</exception>
    public static string FollowLink(string name, string target, bool hard)
    {
        List<string> parts = hard ? [] : [.. name.Split('/')[..^1]];
        bool outside = target.StartsWith('/');
        foreach (string part in target.Split('/'))
        {
            switch (part)
            {
                case "" or ".":
                    break;
                case ".." when parts.Count == 0:
                    outside = true;
                    break;
                case "..":
                    parts.RemoveAt(parts.Count - 1);
                    break;
                default:
                    parts.Add(part);
                    break;
            }
        }

        return outside
            ? throw new ImageException(ImageErrorKind.UnsafeArchive, $"the archive holds the link '{name}' to '{target}', which leads out of it")
            : string.Join('/', parts);
    }
}
