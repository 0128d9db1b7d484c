namespace Sleigh.Runtime.CodeWriting;

/// <summary>Every place where bytes occur in others, overlapping ones too, in time that grows with both lengths only (Knuth, Morris, Pratt).</summary>
internal static class OverlappingMatches
{
    /// <summary>Tells the positions in rising order.</summary>
    /// <param name="bytes">Where to look.</param>
    /// <param name="pattern">What to look for; in nothing nothing is found.</param>
    /// <param name="found">Told each position.</param>
    public static void Find(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> pattern, Action<int> found)
    {
        if (pattern.Length == 0 || pattern.Length > bytes.Length)
        {
            return;
        }

        int[] borders = Borders(pattern);
        int matched = 0;
        for (int i = 0; i < bytes.Length; i++)
        {
            if (matched == 0)
            {
                // The vectorized search does most of the way through a file that looks nothing like the pattern.
                int next = bytes[i..].IndexOf(pattern[0]);
                if (next < 0)
                {
                    return;
                }

                i += next;
            }

            while (matched > 0 && pattern[matched] != bytes[i])
            {
                matched = borders[matched - 1];
            }

            if (pattern[matched] == bytes[i])
            {
                matched++;
            }

            if (matched == pattern.Length)
            {
                found(i - pattern.Length + 1);
                matched = borders[matched - 1];
            }
        }
    }

    // The length of the longest beginning of the pattern that also ends at each place of it.
    private static int[] Borders(ReadOnlySpan<byte> pattern)
    {
        int[] borders = new int[pattern.Length];
        for (int i = 1, matched = 0; i < pattern.Length; i++)
        {
            while (matched > 0 && pattern[matched] != pattern[i])
            {
                matched = borders[matched - 1];
            }

            borders[i] = pattern[matched] == pattern[i] ? ++matched : matched;
        }

        return borders;
    }
}
