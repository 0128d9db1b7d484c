using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Sleigh.Runtime;

/// <summary>The texts of a delivery, shortened as section 6 of the contract says.</summary>
internal static partial class WebhookText
{
    /// <summary>Code points kept of a command.</summary>
    public const int MostOfCommand = 2048;

    /// <summary>Code points kept of an error.</summary>
    public const int MostOfError = 4096;

    /// <summary>
    /// What a delivery shows as the command, ready to be kept: the shell's text, or the arguments as a shell would take them. A session token in
    /// it becomes <c>sess_***</c>, since tokens are kept and sent nowhere.
    /// </summary>
    public static string OfCommand(ExecSpec spec)
    {
        string text = spec.Command ?? string.Join(' ', (spec.Argv ?? []).Select(Quoted));
        return Cut(text.Contains("sess_", StringComparison.Ordinal) ? Token().Replace(text, "sess_***") : text, MostOfCommand);
    }

    /// <summary>The last <paramref name="most"/> code points, behind a line that says how many were left out; a shorter text stays as it is.</summary>
    public static string Cut(string text, int most)
    {
        // No text has more code points than UTF-16 units.
        int runes = text.Length <= most ? 0 : text.EnumerateRunes().Count();
        if (runes <= most)
        {
            return text;
        }

        int start = 0;
        foreach (Rune rune in text.EnumerateRunes().Take(runes - most))
        {
            start += rune.Utf16SequenceLength;
        }

        return string.Create(CultureInfo.InvariantCulture, $"...(truncated webhook field: omitted {runes - most} runes, showing last {most})\n{text.AsSpan(start)}");
    }

    private static string Quoted(string argument) =>
        Plain().IsMatch(argument) ? argument : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    [GeneratedRegex("sess_[0-9a-f]{32}", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    [GeneratedRegex(@"\A[A-Za-z0-9_@%+=:,./-]+\z", RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
