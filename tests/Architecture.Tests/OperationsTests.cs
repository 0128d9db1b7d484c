using System.Text.RegularExpressions;

namespace Sleigh.Architecture.Tests;

/// <summary>docs/operations.md has a row for each sentence that the programs log, in the words and at the level of the source.</summary>
public sealed partial class OperationsTests
{
    private static readonly string Page = File.ReadAllText(SourceTree.Absolute("docs/operations.md"));

    [Fact]
    public void Each_logged_sentence_has_its_row_and_each_row_its_sentence()
    {
        string[] logged = [.. Logged().Order(StringComparer.Ordinal)];
        string[] explained = [.. Row().Matches(Page).Select(m => Line(m.Groups[1].Value, m.Groups[2].Value, m.Groups[3].Value)).Order(StringComparer.Ordinal)];

        Assert.True(logged.Length > 30, "the pattern no longer finds the sentences");
        Assert.Empty(logged.Except(explained).Select(l => $"not in docs/operations.md: {l}"));
        Assert.Empty(explained.Except(logged).Select(l => $"in docs/operations.md, but not logged: {l}"));
        Assert.Equal(explained.Length, explained.Distinct().Count());
    }

    [Fact]
    public void Each_row_says_what_the_sentence_means() =>
        Assert.DoesNotContain(Row().Matches(Page), m => m.Groups[4].Value.Trim().Length < 10);

    [Fact]
    public void Links_lead_to_pages_and_headings_that_exist()
    {
        HashSet<string> headings = [.. Heading().Matches(Page).Select(m => m.Groups[1].Value.ToLowerInvariant().Replace(' ', '-'))];

        Assert.DoesNotContain(Link().Matches(Page).Select(m => m.Groups[1].Value), target =>
            target.StartsWith('#') ? !headings.Contains(target[1..]) : !File.Exists(SourceTree.Absolute($"docs/{target}")));
    }

    private static IEnumerable<string> Logged() => SourceTree.Files
        .Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal))
        .SelectMany(f => Attribute().Matches(File.ReadAllText(SourceTree.Absolute(f))))
        .Select(m => Line(m.Groups["id"].Value, LevelOf(m.Groups["level"].Value), m.Groups["text"].Value));

    private static string Line(string id, string level, string text) => $"{id} {level} {text}";

    // As the journal's tools call them.
    private static string LevelOf(string level) => level == "Information" ? "info" : level.ToLowerInvariant();

    [GeneratedRegex("""\[LoggerMessage\([^"\]]*EventId = (?<id>\d+)(?:"[^"]*"|[^"\]])*?Level = LogLevel\.(?<level>\w+)[^"\]]*Message = "(?<text>(?:[^"\\]|\\.)*)"\)\]""", RegexOptions.CultureInvariant)]
    private static partial Regex Attribute();

    [GeneratedRegex(@"^\| (\d+) \| (\w+) \| `([^`]*)` \| (.*) \|$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("^## (.+)$", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\]\(([^)]+)\)", RegexOptions.CultureInvariant)]
    private static partial Regex Link();
}
