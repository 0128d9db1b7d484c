using System.Text.RegularExpressions;

namespace Sleigh.Runtime.CodeWriting;

/// <summary>What the failed hooks of a pre-commit run have found, read from what it prints.</summary>
/// <param name="FormatIssues">Of hooks that format: at most <see cref="Most"/>.</param>
/// <param name="LintIssues">Of all others: at most <see cref="Most"/>.</param>
internal sealed partial record PreCommitReport(IReadOnlyList<string> FormatIssues, IReadOnlyList<string> LintIssues)
{
    /// <summary>Issues of each kind.</summary>
    public const int Most = 30;

    private const int LongestIssue = 300;
    private const string Changed = "files were modified by this hook";

    private static readonly string[] FormatWords =
    [
        "format", "fmt", "black", "isort", "yapf", "autopep8", "prettier", "whitespace", "end-of-file", "line-ending", "blank", "pretty", "crlf", "tabs",
    ];

    /// <summary>Reads <c>Name.....Failed</c>, the <c>- key: value</c> lines under it, and what the hook wrote up to the next hook.</summary>
    public static PreCommitReport Parse(string text)
    {
        List<string> format = [];
        List<string> lint = [];
        string? hook = null;
        bool formats = false;
        bool inHead = false;
        foreach (string line in text.Split('\n').Select(l => l.TrimEnd()))
        {
            if (Result().Match(line) is { Success: true } result)
            {
                hook = result.Groups["how"].Value == "Failed" ? result.Groups["name"].Value.TrimEnd() : null;
                formats = hook is not null && IsFormatter(hook);
                inHead = true;
                continue;
            }

            if (hook is null || line.Length == 0)
            {
                inHead &= line.Length > 0;
                continue;
            }

            string? issue = line;
            if (inHead && line.StartsWith("- ", StringComparison.Ordinal))
            {
                string fact = line[2..];
                hook = fact.StartsWith("hook id: ", StringComparison.Ordinal) ? fact["hook id: ".Length..] : hook;
                formats |= fact == Changed || IsFormatter(hook);
                issue = fact == Changed ? Changed : null;
            }

            List<string> issues = formats ? format : lint;
            if (issue is not null && issues.Count < Most)
            {
                issues.Add(Shortened($"{hook}: {issue}"));
            }
        }

        return new PreCommitReport(format, lint);
    }

    private static bool IsFormatter(string hook) => FormatWords.Any(word => hook.Contains(word, StringComparison.OrdinalIgnoreCase));

    private static string Shortened(string issue)
    {
        int cut = issue.Length <= LongestIssue ? issue.Length : char.IsHighSurrogate(issue[LongestIssue - 1]) ? LongestIssue - 1 : LongestIssue;
        return cut == issue.Length ? issue : issue[..cut] + "...";
    }

    [GeneratedRegex(@"\A(?<name>[^.].*?)\.{3,}(\([^)]*\))?(?<how>Passed|Failed|Skipped)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Result();
}
