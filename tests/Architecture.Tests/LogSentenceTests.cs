using System.Text.RegularExpressions;

namespace Sleigh.Architecture.Tests;

/// <summary>Every sentence that the programs log can be found by its number, as docs/operations.md and the journal name it.</summary>
public sealed partial class LogSentenceTests
{
    // What the journal's fields are made from: one name for each kind of id.
    private static readonly string[] OtherNames = ["SandboxId", "SessionId", "ExecId", "SnapshotId", "Token", "SessionToken"];

    private static readonly (string File, string Text)[] Sentences =
    [
        .. SourceTree.Files
            .Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal))
            .SelectMany(f => Attribute().Matches(File.ReadAllText(SourceTree.Absolute(f))).Select(m => (f, m.Groups["arguments"].Value))),
    ];

    [Fact]
    public void Each_has_a_number_that_no_other_has()
    {
        Assert.True(Sentences.Length > 30, "the pattern no longer finds the sentences");
        Assert.DoesNotContain(Sentences, s => !Number().IsMatch(s.Text));
        Assert.Empty(Sentences.GroupBy(s => Number().Match(s.Text).Groups[1].Value).Where(g => g.Count() > 1)
            .Select(g => $"{g.Key}: {string.Join(", ", g.Select(s => s.File))}"));
    }

    [Fact]
    public void Each_has_a_level() => Assert.DoesNotContain(Sentences, s => !Level().IsMatch(s.Text));

    // The journal shows it as SLEIGH_OPERATION.
    [Fact]
    public void Each_names_the_operation_it_belongs_to() => Assert.DoesNotContain(Sentences, s => !Operation().IsMatch(s.Text));

    [Fact]
    public void Ids_have_one_name_each_and_no_token_is_named() => Assert.DoesNotContain(
        Sentences, s => OtherNames.Any(n => s.Text.Contains($"{{{n}}}", StringComparison.OrdinalIgnoreCase)));

    [Fact]
    public void Nothing_is_logged_past_them() => Assert.DoesNotContain(
        SourceTree.Files.Where(f => f.StartsWith("src/", StringComparison.Ordinal) && f.EndsWith(".cs", StringComparison.Ordinal)),
        f => Unnumbered().IsMatch(File.ReadAllText(SourceTree.Absolute(f))));

    [GeneratedRegex("""\[LoggerMessage\((?<arguments>(?:"(?:[^"\\]|\\.)*"|[^"])*?)\)\]""", RegexOptions.CultureInvariant)]
    private static partial Regex Attribute();

    [GeneratedRegex(@"\bEventId = (\d+)", RegexOptions.CultureInvariant)]
    private static partial Regex Number();

    [GeneratedRegex(@"\bLevel = LogLevel\.\w+", RegexOptions.CultureInvariant)]
    private static partial Regex Level();

    [GeneratedRegex(@"\bEventName = ""[a-z]+(-[a-z]+)*""", RegexOptions.CultureInvariant)]
    private static partial Regex Operation();

    [GeneratedRegex(@"\.Log(Trace|Debug|Information|Warning|Error|Critical)\(", RegexOptions.CultureInvariant)]
    private static partial Regex Unnumbered();
}
