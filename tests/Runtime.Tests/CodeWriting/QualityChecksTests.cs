using Sleigh.Runtime.CodeWriting;

namespace Sleigh.Runtime.Tests.CodeWriting;

public sealed class QualityChecksTests
{
    private readonly FakeWorkplace _place = new();
    private readonly StageOutput _output = new(10_000, 500);

    [Fact]
    public async Task Python_is_compiled_and_nothing_is_written_or_loaded_for_it()
    {
        _place.Ends("python3", ToolEnd.Succeeded);

        StageResult result = await RunAsync("/app/pkg/main.py");

        Assert.Equal((StageStatus.Passed, CheckMode.Language, null), (result.Status, result.Mode, result.Reason));
        Assert.StartsWith("/app/pkg: python3 -I -B -c ", Assert.Single(_place.Ran), StringComparison.Ordinal);
        Assert.EndsWith(" /app/pkg/main.py", _place.Ran[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/app/pkg/main.py", "/app/pyproject.toml", "python3", "python")]
    [InlineData("/src/a/main.go", "/src/go.mod", "gofmt", "go")]
    [InlineData("/w/lib.mjs", null, "node", "node")]
    [InlineData("/w/lib.ts", "/package.json", "npm", "node")]
    [InlineData("/w/src/lib.rs", "/w/Cargo.toml", "cargo", "rust")]
    [InlineData("/w/src/lib.rs", null, "rustfmt", "rust")]
    [InlineData("/w/A.java", "/w/pom.xml", "mvn", "java")]
    public async Task A_tool_that_fails_is_late_or_is_missing_says_so(string path, string? manifest, string program, string language)
    {
        if (manifest is not null)
        {
            _place.Has(manifest);
        }

        StageResult missing = await RunAsync(path);
        _place.Ends(program, ToolEnd.Failed, "out\n", "err\n");
        StageResult failed = await RunAsync(path);
        _place.Ends(program, ToolEnd.TimedOut);
        StageResult late = await RunAsync(path);
        _place.Ends(program, ToolEnd.NotStarted, reason: "why");
        StageResult refused = await RunAsync(path);

        Assert.Equal((StageStatus.NotRun, null, $"{program} is not installed in the sandbox"), (missing.Status, missing.Mode, missing.Reason));
        Assert.Equal((StageStatus.Failed, CheckMode.Language), (failed.Status, failed.Mode));
        Assert.Equal(new WriteFailure("quality_failed", $"language quality checks failed for \"{language}\""), Plain(failed));
        Assert.Equal(new WriteFailure("timed_out", $"language quality checks timed out for \"{language}\"") { TimedOut = true }, Plain(late));
        Assert.Equal((StageStatus.NotRun, "why"), (refused.Status, refused.Reason));
        Assert.Equal(("out\n", "err\n", 0), _output.Cut());
        string directory = manifest is null ? path[..path.LastIndexOf('/')] : manifest.LastIndexOf('/') is > 0 and var slash ? manifest[..slash] : "/";
        Assert.All(_place.Ran, line => Assert.StartsWith($"{directory}: {program} ", line, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Go_code_that_gofmt_would_change_has_failed()
    {
        _place.Ends("gofmt -l /w/main.go", ToolEnd.Succeeded, "/w/main.go\n");

        StageResult result = await RunAsync("/w/main.go");

        Assert.Equal("language quality checks failed for \"go\"", result.Failure!.Error);
        Assert.Equal("/w/main.go\n", _output.Cut().Stdout);
    }

    [Fact]
    public async Task A_Node_project_has_its_own_scripts_and_the_second_is_not_run_behind_a_first_that_failed()
    {
        _place.Has("/w/package.json").Ends("npm", ToolEnd.Succeeded);
        StageResult passed = await RunAsync("/w/a/b.js");
        _place.Ends("npm -s run lint --if-present", ToolEnd.Failed);
        StageResult failed = await RunAsync("/w/a/b.js");

        Assert.Equal((StageStatus.Passed, StageStatus.Failed), (passed.Status, failed.Status));
        Assert.Equal(
            ["/w: npm -s run lint --if-present", "/w: npm -s run format:check --if-present", "/w: npm -s run lint --if-present"], _place.Ran);
    }

    [Theory]
    [InlineData("/w/a.txt", "there is no check for .txt files")]
    [InlineData("/w/Makefile", "there is no check for this kind of file")]
    [InlineData("/w/a.tsx", "there is no check for .tsx files without a package.json")]
    [InlineData("/w/a.jsx", "there is no check for .jsx files without a package.json")]
    [InlineData("/w/A.java", "there is no check for .java files without a pom.xml")]
    public async Task What_has_no_check_says_why_none_ran(string path, string reason)
    {
        StageResult result = await RunAsync(path);

        Assert.Equal((StageStatus.NotRun, reason, null, null), (result.Status, result.Reason, result.Mode, result.Failure));
        Assert.Empty(_place.Ran);
    }

    [Fact]
    public async Task Rust_is_checked_with_cargo_where_there_is_a_manifest()
    {
        _place.Has("/w/Cargo.toml").Ends("cargo fmt --check", ToolEnd.Succeeded);

        Assert.Equal(StageStatus.Passed, (await RunAsync("/w/src/a.rs")).Status);
        Assert.Equal(["/w: cargo fmt --check"], _place.Ran);
    }

    [Theory]
    [InlineData("error: no such command: `fmt`\n")]
    [InlineData("error: 'cargo-fmt' is not installed for the toolchain 'stable'\n")]
    public async Task Cargo_without_its_formatter_has_no_check(string said)
    {
        _place.Has("/w/Cargo.toml").Ends("cargo fmt --check", ToolEnd.Failed, stderr: said);

        StageResult result = await RunAsync("/w/src/a.rs");

        Assert.Equal((StageStatus.NotRun, "cargo fmt is not installed in the sandbox"), (result.Status, result.Reason));
    }

    [Fact]
    public async Task Pre_commit_comes_before_the_language_where_a_work_tree_has_a_configuration()
    {
        _place.Has("/repo/.git").Has("/repo/sub/.pre-commit-config.yaml").Ends("pre-commit", ToolEnd.Succeeded, "ok\n");

        StageResult result = await RunAsync("/repo/sub/a/main.py");

        Assert.Equal((StageStatus.Passed, CheckMode.PreCommit), (result.Status, result.Mode));
        Assert.Equal(["/repo/sub: pre-commit run --files /repo/sub/a/main.py"], _place.Ran);
        Assert.Equal("ok\n", _output.Cut().Stdout);
    }

    [Fact]
    public async Task Pre_commit_that_fails_or_is_late_says_so_with_its_issues()
    {
        _place.Has("/r/.git").Has("/r/.pre-commit-config.yaml")
            .Ends("pre-commit", ToolEnd.Failed, "flake8......Failed\n- hook id: flake8\n- exit code: 1\n\na.py:1:1: F401 unused\n");
        StageResult failed = await RunAsync("/r/a.py");
        _place.Ends("pre-commit", ToolEnd.TimedOut);
        StageResult late = await RunAsync("/r/a.py");

        Assert.Equal(new WriteFailure("quality_failed", "pre-commit checks failed; fix issues and retry"), Plain(failed));
        Assert.Equal(["flake8: a.py:1:1: F401 unused"], failed.LintIssues);
        Assert.Equal(new WriteFailure("timed_out", "pre-commit checks timed out") { TimedOut = true }, Plain(late));
        Assert.Equal((CheckMode.PreCommit, CheckMode.PreCommit), (failed.Mode, late.Mode));
    }

    [Fact]
    public async Task Without_pre_commit_or_a_work_tree_the_language_checks()
    {
        _place.Ends("python3", ToolEnd.Succeeded).Has("/r/.pre-commit-config.yaml");
        StageResult noTree = await RunAsync("/r/a.py");
        Assert.DoesNotContain(_place.Ran, r => r.Contains("pre-commit run", StringComparison.Ordinal));
        _place.Has("/.git");
        StageResult notInstalled = await RunAsync("/r/a.py");

        Assert.Equal((CheckMode.Language, CheckMode.Language), (noTree.Mode, notInstalled.Mode));
        Assert.Contains("/r: pre-commit run --files /r/a.py", _place.Ran);
    }

    private Task<StageResult> RunAsync(string path) => QualityChecks.RunAsync(FakeWorkplace.Path(path), _place, _output);

    // Lists of records compare by identity: an empty one is put in.
    private static WriteFailure Plain(StageResult result) => result.Failure! with { };
}
