namespace Sleigh.Daemon.Configuration;

/// <summary>Finds the word that somebody most likely meant.</summary>
internal static class NearestWord
{
    // A text from a hostile file must not cost more than a key's length squared.
    private const int MaxLength = 100;

    /// <summary>The known word with the fewest changed, missing or extra letters; the first of several.</summary>
    internal static string Find(string word, IEnumerable<string> known)
    {
        string cut = word.Length > MaxLength ? word[..MaxLength] : word;
        return known.MinBy(k => Distance(cut, k)) ?? "";
    }

    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.Length; j++)
            {
                int change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(change, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
