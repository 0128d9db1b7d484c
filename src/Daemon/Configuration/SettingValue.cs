using System.Text;

namespace Sleigh.Daemon.Configuration;

/// <summary>A value as it was written: one text, or a list of texts.</summary>
/// <param name="Source">The file or the environment variable.</param>
/// <param name="Line">The line in the file; null in the environment.</param>
/// <param name="Key">The whole key, such as <c>http.listen</c>.</param>
/// <param name="Text">The text; null for a list.</param>
/// <param name="Items">The list; null for a text.</param>
internal sealed record SettingValue(string Source, int? Line, string Key, string? Text, IReadOnlyList<string>? Items)
{
    private const int MaxShown = 100;

    /// <summary>The entries of a map (<see cref="RegistriesSetting"/>); null for a text or a list.</summary>
    internal IReadOnlyList<MapEntry>? Entries { get; init; }

    /// <summary>It stands in an environment variable, where a list is one text.</summary>
    internal bool IsFromEnvironment => Line is null;

    /// <summary>The value for a message: on one line, not too long.</summary>
    internal string Shown => Entries is not null ? OneLine($"{{{string.Join(", ", Entries.Select(e => e.Name))}}}")
        : Items is null ? OneLine(Text ?? "")
        : OneLine($"[{string.Join(", ", Items)}]");

    private static string OneLine(string text)
    {
        StringBuilder shown = new();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (shown.Length >= MaxShown)
            {
                return shown.Append("...").ToString();
            }

            shown.Append(Rune.IsControl(rune) ? "?" : rune.ToString());
        }

        return shown.Length == 0 ? "empty" : shown.ToString();
    }
}
