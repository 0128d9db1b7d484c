using System.Text.RegularExpressions;

namespace Sleigh.Api.Requests;

/// <summary>The form of image names: <c>[host[:port]/]path[:tag][@digest]</c>, as the image reference grammar of registries has it.</summary>
internal static partial class ImageName
{
    private const int MaxLength = 255;
    private const int MaxTag = 128;

    public static bool IsValid(string text)
    {
        if (text.Length is 0 or > MaxLength)
        {
            return false;
        }

        int at = text.IndexOf('@', StringComparison.Ordinal);
        if (at >= 0 && !Digest().IsMatch(text[(at + 1)..]))
        {
            return false;
        }

        string name = at >= 0 ? text[..at] : text;
        int colon = name.LastIndexOf(':');
        // A colon before the last slash belongs to a port.
        if (colon > name.LastIndexOf('/'))
        {
            string tag = name[(colon + 1)..];
            if (tag.Length > MaxTag || !Tag().IsMatch(tag))
            {
                return false;
            }

            name = name[..colon];
        }

        string[] parts = name.Split('/');
        bool hasHost = parts.Length > 1 && (parts[0].IndexOfAny(['.', ':']) >= 0 || parts[0] == "localhost");
        return (!hasHost || HostPart().IsMatch(parts[0])) && parts.Skip(hasHost ? 1 : 0).All(part => Component().IsMatch(part));
    }

    [GeneratedRegex(@"\A[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Component();

    [GeneratedRegex(@"\A(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*|\[[0-9a-fA-F:]+\])(?::[0-9]+)?\z", RegexOptions.CultureInvariant)]
    private static partial Regex HostPart();

    [GeneratedRegex(@"\A[A-Za-z0-9_][A-Za-z0-9_.-]*\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();

    [GeneratedRegex(@"\A[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Digest();
}
