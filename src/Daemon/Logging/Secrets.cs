using System.Text.RegularExpressions;

namespace Sleigh.Daemon.Logging;

/// <summary>The last door that a token could slip out of: whoever logs must not name one, and if one does it is not shown.</summary>
internal static partial class Secrets
{
    public static string Blot(string text) =>
        text.Contains("sess_", StringComparison.Ordinal) ? Token().Replace(text, "sess_***") : text;

    [GeneratedRegex("sess_[0-9a-f]{32}", RegexOptions.CultureInvariant)]
    private static partial Regex Token();
}
