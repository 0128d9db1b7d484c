using System.Text.RegularExpressions;

namespace Sleigh.Architecture.Tests.Contract;

/// <summary>The sources of all tests, as text.</summary>
internal static partial class TestSources
{
    private static readonly string[] NotSearched =
    [
        "tests/Architecture.Tests/Contract/Checklist", "tests/Architecture.Tests/Contract/FixedText", "tests/Architecture.Tests/Contract/ErrorCodes.cs",
        "tests/Architecture.Tests/Contract/TestSources.cs", "tests/Api.Tests/Fakes/",
    ];

    /// <summary>Path and text of each file of the tests, without these lists and the fakes, which say texts of their own accord.</summary>
    public static IReadOnlyList<(string Path, string Text)> All { get; } =
    [
        .. SourceTree.Files
            .Where(f => f.StartsWith("tests/", StringComparison.Ordinal) && Path.GetExtension(f) is ".cs" or ".py")
            .Where(f => !Array.Exists(NotSearched, n => f.StartsWith(n, StringComparison.Ordinal)))
            .Select(f => (f, File.ReadAllText(SourceTree.Absolute(f)))),
    ];

    /// <summary>All of it with literals made plain: quotes without their backslash, pieces joined by + put together.</summary>
    public static string Plain { get; } = string.Join('\n', All.Select(s => Joint().Replace(s.Text, "").Replace("\\\"", "\"", StringComparison.Ordinal)));

    /// <summary>Lines of the checklist that tests name, with the method that does.</summary>
    public static IReadOnlyList<(string Line, string Method, string Path)> Named { get; } =
    [
        .. All.SelectMany(s => Method().Matches(s.Text).SelectMany(m =>
            Line().Matches(m.Groups["attributes"].Value).Select(l => (l.Groups[1].Value, m.Groups["name"].Value, s.Path)))),
    ];

    // Attributes of a method, each on lines of its own, then the method itself.
    [GeneratedRegex(@"(?<attributes>(?:^ +\[[A-Z][^\n]*\]\n)+) +public (?:async )?(?:Task|void) (?<name>\w+)", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex Method();

    [GeneratedRegex(@"\[ContractLine\(""(\w+)""", RegexOptions.CultureInvariant)]
    private static partial Regex Line();

    [GeneratedRegex(@"""\s*\+\s*\$?""", RegexOptions.CultureInvariant)]
    private static partial Regex Joint();
}
