namespace Sleigh.Runtime;

/// <summary>The text of a note as it is shown.</summary>
public static class NoteText
{
    /// <summary>The most code points that are shown.</summary>
    public const int Most = 1200;

    /// <summary>Trimmed, the first <see cref="Most"/> code points, then <c>...</c> where more follow; null when nothing is left.</summary>
    public static (string? Text, bool IsCut) Of(string text)
    {
        string trimmed = text.TrimStart('\uFEFF').Trim();
        int at = 0;
        int count = 0;
        foreach (System.Text.Rune rune in trimmed.EnumerateRunes())
        {
            if (++count > Most)
            {
                return (trimmed[..at] + "...", true);
            }

            at += rune.Utf16SequenceLength;
        }

        return (trimmed.Length == 0 ? null : trimmed, false);
    }
}
