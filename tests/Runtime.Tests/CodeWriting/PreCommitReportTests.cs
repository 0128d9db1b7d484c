using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Runtime.Tests.CodeWriting;

public sealed class PreCommitReportTests
{
    [Fact]
    public void Issues_are_those_of_failed_hooks_by_what_the_hook_is_for()
    {
        PreCommitReport report = PreCommitReport.Parse("""
            [INFO] Initializing environment for local.
            trim trailing whitespace.................................................Failed
            - hook id: trailing-whitespace
            - exit code: 1
            - files were modified by this hook

            Fixing app/main.py

            check yaml...........................................(no files to check)Skipped
            flake8...................................................................Failed
            - hook id: flake8
            - duration: 0.2s
            - exit code: 1

            app/main.py:1:1: F401 'os' imported but unused
            - a line that begins like a fact
            app/main.py:3:80: E501 line too long

            mypy.....................................................................Passed
            - hook id: mypy
            - duration: 1s

            not an issue
            our own..................................................................Failed
            - hook id: own-check
            - files were modified by this hook
            """);

        Assert.Equal(
            ["trailing-whitespace: files were modified by this hook", "trailing-whitespace: Fixing app/main.py", "own-check: files were modified by this hook"],
            report.FormatIssues);
        Assert.Equal(
            [
                "flake8: app/main.py:1:1: F401 'os' imported but unused", "flake8: - a line that begins like a fact",
                "flake8: app/main.py:3:80: E501 line too long",
            ],
            report.LintIssues);
    }

    [Fact]
    public void Thirty_issues_of_each_kind_are_told()
    {
        string lines = string.Concat(Enumerable.Range(0, 100).Select(i => $"line {i}\n"));

        PreCommitReport report = PreCommitReport.Parse($"lint....Failed\n- hook id: lint\n\n{lines}black....Failed\n- hook id: black\n\n{lines}");

        Assert.Equal((30, 30), (report.LintIssues.Count, report.FormatIssues.Count));
        Assert.Equal("lint: line 29", report.LintIssues[^1]);
    }

    [Fact]
    public void A_long_issue_is_cut_between_characters()
    {
        string issue = Assert.Single(PreCommitReport.Parse("l....Failed\n\n" + string.Concat(Enumerable.Repeat("😀", 400)) + "\n").LintIssues);

        Assert.True(issue.Length <= 303 && issue.EndsWith("😀...", StringComparison.Ordinal), issue);
    }

    [Theory]
    [InlineData("")]
    [InlineData("An error has occurred: InvalidConfigError:\n==> File .pre-commit-config.yaml\n")]
    [InlineData("flake8......Fail")]
    [InlineData("flake8......Failed")]
    [InlineData("...Failed\n\nx\n")]
    [InlineData("- hook id: x\n\ny")]
    public void Other_text_and_cut_off_text_have_none(string text)
    {
        PreCommitReport report = PreCommitReport.Parse(text);

        Assert.Empty(report.FormatIssues);
        Assert.Empty(report.LintIssues);
    }
}
