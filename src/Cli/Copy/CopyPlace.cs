namespace Sleigh.Cli.Copy;

/// <summary>One end of a copy: a path here, <c>-</c>, or a path in a sandbox.</summary>
/// <param name="Sandbox">What the person typed for the sandbox; null for a place on this machine.</param>
/// <param name="Path">The path; <c>-</c> is standard input or output as a tar.</param>
internal sealed record CopyPlace(string? Sandbox, string Path)
{
    /// <summary>True for <c>-</c>.</summary>
    public bool IsStream => Sandbox is null && Path == "-";

    /// <summary>True when the path says that it is a directory.</summary>
    public bool EndsWithSlash => Path.EndsWith('/');

    /// <summary>True when the contents of the directory are meant, not itself: the path ends with <c>/.</c>.</summary>
    public bool MeansContents => Path is "." || Path.EndsWith("/.", StringComparison.Ordinal);

    /// <summary>
    /// <c>NAME:PATH</c> is a place in a sandbox, unless a slash or a dot at the beginning shows that the colon belongs to a file's name.
    /// </summary>
    /// <exception cref="CliException">The path in a sandbox is not absolute.</exception>
    public static CopyPlace Parse(string text)
    {
        int colon = text.IndexOf(':', StringComparison.Ordinal);
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (colon <= 0 || text[0] == '.' || (slash >= 0 && slash < colon))
        {
            return text.Length > 0 ? new CopyPlace(null, text) : throw new CliException(ExitCode.Usage, "a path is empty");
        }

        string path = text[(colon + 1)..];
        return path.StartsWith('/')
            ? new CopyPlace(text[..colon], path)
            : throw new CliException(
                ExitCode.Usage,
                $"'{Output.Human.OneLine(text)}' names a sandbox, so its path must be absolute: {Output.Human.OneLine(text[..colon])}:/PATH",
                "for a file here whose name has a colon, write ./ before it");
    }

    /// <summary>A path without slashes and <c>/.</c> at its end, <c>/</c> for the root.</summary>
    public static string Trim(string path)
    {
        while (path.Length > 1 && (path.EndsWith('/') || path.EndsWith("/.", StringComparison.Ordinal)))
        {
            path = path[..^1];
        }

        return path;
    }

    /// <summary>The last part of a path in a sandbox; empty for the root.</summary>
    public static string BaseName(string path) => Trim(path)[(Trim(path).LastIndexOf('/') + 1)..];

    /// <summary>The directory above a path in a sandbox.</summary>
    public static string Parent(string path)
    {
        string trimmed = Trim(path);
        int slash = trimmed.LastIndexOf('/');
        return slash <= 0 ? "/" : trimmed[..slash];
    }
}
