using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Sleigh.Containerd;

/// <summary>
/// The name of an image, completed as docker does: <c>python:3.11-slim</c> is <c>docker.io/library/python:3.11-slim</c>, and
/// <c>sleigh/debian</c> is <c>docker.io/sleigh/debian:latest</c>. A value that exists is valid.
/// </summary>
public sealed partial record ImageName : IParsable<ImageName>
{
    private const int MaxLength = 255;
    private const string DefaultDomain = "docker.io";
    private const string DefaultFolder = "library/";
    private const string DefaultTag = "latest";

    private ImageName(string domain, string path, string? tag, string? digest)
    {
        Domain = domain;
        Path = path;
        Tag = tag;
        Digest = digest;
    }

    /// <summary>The registry's host, with its port where one is named.</summary>
    public string Domain { get; }

    /// <summary>The repository there.</summary>
    public string Path { get; }

    /// <summary>The tag; null where the name has a digest and no tag.</summary>
    public string? Tag { get; }

    /// <summary>The manifest's digest where the name gives one.</summary>
    public string? Digest { get; }

    /// <summary>The name as people write it: without what is completed anyhow.</summary>
    public string Familiar
    {
        get
        {
            string path = Domain != DefaultDomain ? $"{Domain}/{Path}"
                : Path.StartsWith(DefaultFolder, StringComparison.Ordinal) && !Path[DefaultFolder.Length..].Contains('/', StringComparison.Ordinal)
                ? Path[DefaultFolder.Length..]
                : Path;
            return path + Ending;
        }
    }

    private string Ending => (Tag is null ? "" : ":" + Tag) + (Digest is null ? "" : "@" + Digest);

    /// <summary>The whole name, under which containerd keeps the image.</summary>
    public override string ToString() => $"{Domain}/{Path}{Ending}";

    /// <summary>Reads a name.</summary>
    /// <exception cref="ImageException">InvalidName.</exception>
    public static ImageName Parse(string text) => TryParse(text, null, out ImageName? name)
        ? name
        : throw new ImageException(
            ImageErrorKind.InvalidName,
            $"'{(text.Length > MaxLength ? text[..MaxLength] + "…" : text)}' is not an image name; it is [host/]path[:tag][@sha256:digest] in lower case");

    /// <inheritdoc/>
    public static ImageName Parse(string s, IFormatProvider? provider) => Parse(s);

    /// <inheritdoc/>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out ImageName result)
    {
        result = null;
        if (s is null || s.Length > MaxLength || Form().Match(s) is not { Success: true } match)
        {
            return false;
        }

        string name = match.Groups["name"].Value;
        string? tag = match.Groups["tag"] is { Success: true, Value: var t } ? t : null;
        string? digest = match.Groups["digest"] is { Success: true, Value: var d } ? d : null;

        // The first part is a host only if it looks like one; 'sleigh/debian' is a path.
        int slash = name.IndexOf('/', StringComparison.Ordinal);
        string first = slash < 0 ? "" : name[..slash];
        bool hasDomain = first.Contains('.', StringComparison.Ordinal) || first.Contains(':', StringComparison.Ordinal) || first == "localhost";
        string domain = hasDomain ? first : DefaultDomain;
        string path = hasDomain ? name[(slash + 1)..] : name;
        if (domain is "index.docker.io")
        {
            domain = DefaultDomain;
        }

        if (domain == DefaultDomain && !path.Contains('/', StringComparison.Ordinal))
        {
            path = DefaultFolder + path;
        }

        if (!(hasDomain ? Host().IsMatch(domain) : true) || !Repository().IsMatch(path))
        {
            return false;
        }

        result = new ImageName(domain, path, tag ?? (digest is null ? DefaultTag : null), digest);
        return true;
    }

    [GeneratedRegex(@"\A(?<name>[^@]+?)(:(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?(@(?<digest>sha256:[0-9a-f]{64}))?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Form();

    [GeneratedRegex(@"\A[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*(:[0-9]{1,5})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex Host();

    [GeneratedRegex(@"\A[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Repository();
}
