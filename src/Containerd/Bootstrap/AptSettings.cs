namespace Sleigh.Containerd;

/// <summary>What of this host's apt configuration must hold while packages are fetched for an image: pure functions over its text.</summary>
internal static class AptSettings
{
    /// <summary>How packages are reached and what is believed: proxies, certificates, times. Nothing that allows unsigned packages.</summary>
    private static readonly string[] Inherited =
    [
        "Acquire::http::", "Acquire::https::", "Acquire::Check-Valid-Until", "Acquire::Check-Date", "Acquire::Max-ValidTime",
        "Acquire::Min-ValidTime", "Acquire::Retries", "Acquire::ForceIPv4", "Acquire::ForceIPv6",
    ];

    /// <summary>Picks from the output of <c>apt-config dump</c>: lines of the form <c>Key "value";</c>.</summary>
    public static string Inherit(string dump) => string.Concat(dump.Split('\n')
        .Where(line => Inherited.Any(key => line.StartsWith(key, StringComparison.OrdinalIgnoreCase)) && !line.EndsWith(" \"\";", StringComparison.Ordinal))
        .Select(line => line + "\n"));

    /// <summary>The lines of a one-line-style sources.list that belong to a suite.</summary>
    public static string SelectLines(string text, string suite) => string.Concat(text.Split('\n')
        .Where(line => IsOf(line, suite))
        .Select(line => line + "\n"));

    /// <summary>The paragraphs of a deb822-style file that belong to a suite, with the suites of other releases taken out.</summary>
    public static string SelectParagraphs(string text, string suite)
    {
        List<string> selected = [];
        foreach (string paragraph in string.Join('\n', text.Split('\n').Where(l => !l.StartsWith('#')).Select(l => l.TrimEnd())).Split("\n\n"))
        {
            string[] lines = [.. paragraph.Split('\n').Where(l => l.Length > 0)];
            string[] suites = [.. Field(lines, "Suites").Where(s => Names(suite).Contains(s))];
            bool enabled = !Field(lines, "Enabled").Contains("no");
            if (suites.Length > 0 && enabled && Field(lines, "Types").Contains("deb"))
            {
                IEnumerable<string> kept = lines.Select(l => Key(l) switch
                {
                    "types" => "Types: deb",
                    "suites" => $"Suites: {string.Join(' ', suites)}",
                    _ => l,
                });
                selected.Add(string.Join('\n', kept) + "\n");
            }
        }

        return string.Join('\n', selected);
    }

    /// <summary>A release's own suite, and those that bring its updates.</summary>
    private static string[] Names(string suite) => [suite, $"{suite}-updates", $"{suite}-security", $"{suite}/updates"];

    private static bool IsOf(string line, string suite)
    {
        // deb [options] URI SUITE COMPONENT…
        string rest = line.Trim();
        if (!rest.StartsWith("deb ", StringComparison.Ordinal))
        {
            return false;
        }

        rest = rest[4..].Trim();
        if (rest.StartsWith('['))
        {
            int end = rest.IndexOf(']', StringComparison.Ordinal);
            rest = end < 0 ? "" : rest[(end + 1)..].Trim();
        }

        string[] fields = rest.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return fields.Length >= 2 && Names(suite).Contains(fields[1]);
    }

    private static string Key(string line) =>
        line.IndexOf(':', StringComparison.Ordinal) is > 0 and var colon && !char.IsWhiteSpace(line[0]) ? line[..colon].ToLowerInvariant() : "";

    private static string[] Field(string[] lines, string key) => lines
        .Where(l => Key(l).Equals(key, StringComparison.OrdinalIgnoreCase))
        .SelectMany(l => l[(l.IndexOf(':', StringComparison.Ordinal) + 1)..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
        .ToArray();
}
