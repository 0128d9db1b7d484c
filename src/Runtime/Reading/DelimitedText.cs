namespace Sleigh.Runtime.Reading;

/// <summary>Where a regular expression or a replacement in a sed script ends.</summary>
internal static class DelimitedText
{
    /// <summary>There is no end before the line ends.</summary>
    public const int None = -1;

    /// <summary>It cannot be said.</summary>
    public const int Unsure = -2;

    private const string Delimiters = "/,|#@%:!_~+=;^.?*<>-\"'`$()";

    /// <summary>How seds look at brackets while they look for the delimiter.</summary>
    private enum Brackets
    {
        /// <summary>Not at all: a delimiter in brackets ends the expression.</summary>
        Ignored,

        /// <summary>From [ to the first ] that is not the first character (busybox).</summary>
        Simple,

        /// <summary>With [:class:], [.x.] and [=x=] inside (GNU 4.9).</summary>
        Classes,

        /// <summary>As before, and a backslash protects the next character (FreeBSD).</summary>
        Escapes,
    }

    /// <summary>Whether a character is taken as a delimiter. Letters and digits, which sed allows, are not: nobody who only reads needs them.</summary>
    public static bool IsDelimiter(char c) => Delimiters.Contains(c, StringComparison.Ordinal);

    /// <summary>All places where one sed or another finds the end of a regular expression: indexes of the delimiter, or <see cref="None"/>.</summary>
    /// <returns>Null when it cannot be said.</returns>
    public static int[]? RegexEnds(string text, int from, char delimiter)
    {
        List<int> ends = [];
        foreach (Brackets brackets in (ReadOnlySpan<Brackets>)[Brackets.Simple, Brackets.Ignored, Brackets.Classes, Brackets.Escapes])
        {
            int end = RegexEnd(text, from, delimiter, brackets);
            if (end == Unsure)
            {
                return null;
            }

            if (!ends.Contains(end))
            {
                ends.Add(end);
            }
        }

        return [.. ends];
    }

    /// <summary>The index of the delimiter behind a replacement; <see cref="None"/> when there is none. A line feed needs a backslash before it.</summary>
    public static int ReplacementEnd(string text, int from, char delimiter)
    {
        for (int i = from; i < text.Length; i++)
        {
            char c = text[i];
            if (c == delimiter)
            {
                return i;
            }

            if (c == '\n')
            {
                return None;
            }

            i += c == '\\' ? 1 : 0;
        }

        return None;
    }

    private static int RegexEnd(string text, int from, char delimiter, Brackets brackets)
    {
        for (int i = from; i < text.Length;)
        {
            switch (text[i])
            {
                case '\n':
                    return None;
                case '\\' when i + 1 < text.Length && text[i + 1] == '\n':
                    return Unsure;
                case '\\':
                    i += 2;
                    break;
                case var c when c == delimiter:
                    return i;
                case '[' when brackets != Brackets.Ignored:
                    i = BracketEnd(text, i + 1, brackets);
                    if (i < 0)
                    {
                        return i;
                    }

                    break;
                default:
                    i++;
                    break;
            }
        }

        return None;
    }

    // The index behind the closing bracket.
    private static int BracketEnd(string text, int from, Brackets brackets)
    {
        int i = from < text.Length && text[from] == '^' ? from + 1 : from;
        for (int first = i; i < text.Length;)
        {
            char c = text[i];
            char next = i + 1 < text.Length ? text[i + 1] : '\0';
            if (c == '\n')
            {
                return None;
            }

            if (c == '\\' && next == '\n')
            {
                return Unsure;
            }

            if (c == ']' && i > first)
            {
                return i + 1;
            }

            if (brackets >= Brackets.Classes && c == '[' && next is '.' or ':' or '=')
            {
                int close = text.IndexOf($"{next}]", i + 2, StringComparison.Ordinal);
                if (close < 0)
                {
                    return Unsure;
                }

                i = close + 2;
            }
            else
            {
                i += brackets == Brackets.Escapes && c == '\\' ? 2 : 1;
            }
        }

        return None;
    }
}
