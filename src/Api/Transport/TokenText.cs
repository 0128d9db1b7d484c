using System.Text.RegularExpressions;

namespace Sleigh.Api.Transport;

/// <summary>Keeps session tokens out of the log.</summary>
internal static partial class TokenText
{
    /// <summary>A URL or path fit for a log line: tokens as <c>sess_***</c>, control characters as <c>?</c>.</summary>
    public static string Redact(string url)
    {
        string text = url.Contains("sess_", StringComparison.Ordinal) ? Token().Replace(url, "sess_***") : url;
        return text.AsSpan().ContainsAnyInRange('\0', '\x1f') ? Control().Replace(text, "?") : text;
    }

    [GeneratedRegex("sess_[0-9a-f]{32}", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(@"[\x00-\x1f]", RegexOptions.CultureInvariant)]
    private static partial Regex Control();
}
