using System.Text;
using Sleigh.Runtime;
using Sleigh.Runtime.CodeWriting;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Endpoint 25: what is refused, what is handed on, and the form of the answers.</summary>
public sealed class CodeWriteTests
{
    private const string Edit = """ "sandbox_path":"/app/main.py","old_text":"x = 1","new_text":"x = 2" """;

    [Fact]
    public async Task A_write_is_answered_as_the_contract_shows_it()
    {
        await using World world = await World.StartAsync();

        Answer answer = await world.WriteAsync(Edit);

        Assert.Equal(
            """{"status":"ok","duration_ms":61,"timed_out":false,"truncated":false,"applied_files":["main.py"],"sandbox_path":"/app/main.py","bytes_written":118,"quality_checks_status":"passed","quality_checks_mode":"language","build_status":"not_run","build_reason":"build_language was not sent","stdout":"context edit applied: file=main.py occurrence=1 matches=1\n","stderr":""}""",
            answer.Body);
        Assert.Equal(200, answer.Status);
    }

    [Fact]
    public async Task Every_member_stands_in_the_order_of_the_contract()
    {
        await using World world = await World.StartAsync();
        world.Api.CodeWriter.Change = result => result with
        {
            Failure = new WriteFailure("quality_failed", "pre-commit checks failed; fix issues and retry") { Matches = 2, MatchLines = [3, 7], TimedOut = true },
            IsReverted = true, OmittedBytes = 9, Stderr = "e",
            Checks = new StageResult(StageStatus.Failed, "why") { Mode = CheckMode.PreCommit, FormatIssues = ["f"], LintIssues = ["l"] },
            Build = new StageResult(StageStatus.NotRun, "the checks failed"),
        };

        Answer answer = await world.WriteAsync(Edit);

        Assert.Equal(
            [
                "status", "code", "error", "details", "duration_ms", "timed_out", "truncated", "applied_files", "sandbox_path", "bytes_written", "reverted",
                "quality_checks_status", "quality_checks_mode", "quality_checks_reason", "build_status", "build_reason", "format_issues", "lint_issues",
                "omitted_bytes", "stdout", "stderr",
            ],
            answer.Names);
        Assert.Equal((200, "error", "quality_failed"), (answer.Status, answer.Text("status"), answer.Code));
        Assert.Equal("""{"matches":2,"match_lines":[3,7]}""", answer.Root.GetProperty("details").GetRawText());
        Assert.True(answer.Root.GetProperty("timed_out").GetBoolean() && answer.Root.GetProperty("truncated").GetBoolean());
        Assert.Equal(("failed", "pre_commit"), (answer.Text("quality_checks_status"), answer.Text("quality_checks_mode")));
    }

    [Fact]
    public async Task What_was_not_written_names_no_file_and_no_size()
    {
        await using World world = await World.StartAsync();
        world.Api.CodeWriter.Change = result => new CodeWriteResult
        {
            Path = result.Path, Failure = new WriteFailure("no_match", "e"), Checks = result.Build, Build = result.Build,
        };

        Answer answer = await world.WriteAsync(Edit);

        Assert.Equal(
            [
                "status", "code", "error", "duration_ms", "timed_out", "truncated", "sandbox_path", "quality_checks_status", "quality_checks_reason",
                "build_status", "build_reason", "stdout", "stderr",
            ],
            answer.Names);
    }

    [Theory]
    [InlineData("", "bad_request", "sandbox_path", "sandbox_path is required")]
    [InlineData(""" "sandbox_path":" " """, "bad_request", "sandbox_path", "sandbox_path is required")]
    [InlineData(""" "sandbox_path":"main.py" """, "path_not_allowed", "sandbox_path", "sandbox_path must be an absolute file path inside sandbox")]
    [InlineData(""" "sandbox_path":"/a/.." """, "path_not_allowed", "sandbox_path", "sandbox_path cannot be root")]
    [InlineData(""" "sandbox_path":"/proc/self/mem" """, "path_not_allowed", "sandbox_path", "sandbox_path is not writable")]
    [InlineData(""" "sandbox_path":"/a","write_mode":"append" """, "invalid_argument", "write_mode", "write_mode must be one of: context_edit, replace_file")]
    [InlineData(""" "sandbox_path":"/a" """, "bad_request", "old_text", "old_text is required for write_mode=context_edit")]
    [InlineData(""" "sandbox_path":"/a","old_text":"","new_text":"x" """, "bad_request", "old_text", "old_text is required for write_mode=context_edit")]
    [InlineData(""" "sandbox_path":"/a","old_text":" " """, "bad_request", "new_text", "new_text is required for write_mode=context_edit")]
    [InlineData(""" "sandbox_path":"/a","write_mode":"replace_file" """, "bad_request", "content", "content is required for write_mode=replace_file")]
    [InlineData(""" "sandbox_path":"/a","write_mode":"Overwrite","old_text":"a","new_text":"b" """, "bad_request", "content", "content is required for write_mode=replace_file")]
    [InlineData(""" "sandbox_path":"/a","old_text":"a","new_text":"b","post_exec_command":"a\u0000" """, "invalid_argument", "post_exec_command", "bad request: post_exec_command must not contain a NUL character")]
    [InlineData(""" "sandbox_path":"/a","old_text":"a","new_text":"b","revert_on_failure":true,"post_exec_command":"make" """, "invalid_argument", "revert_on_failure", "bad request: revert_on_failure and post_exec_command exclude each other")]
    public async Task A_wrong_value_is_told_with_its_field_and_its_rule(string fields, string code, string field, string error)
    {
        await using World world = await World.StartAsync();

        Answer answer = await world.WriteAsync(fields);

        Assert.Equal(field, answer.Is(400, code, error).Detail("field"));
        Assert.Null(world.Api.CodeWriter.LastSpec);
    }

    [Theory]
    [InlineData("""{"write_mode":"append","build_language":"cobol"}""", "sandbox_path is required")]
    [InlineData("""{"sandbox_path":"/a","write_mode":"append","build_language":"cobol"}""", "write_mode must be one of: context_edit, replace_file")]
    [InlineData("""{"sandbox_path":"/a","build_language":"cobol"}""", "old_text is required for write_mode=context_edit")]
    [InlineData("""{"sandbox_path":"/a","old_text":"x","new_text":"","build_language":"cobol","revert_on_failure":true,"post_exec_command":"x"}""", "unsupported build language: cobol")]
    public async Task The_first_wrong_field_of_the_table_is_told(string body, string error)
    {
        await using World world = await World.StartAsync();

        Answer answer = await world.Api.SendAsync("POST", $"/sandboxes/{world.Sandbox}/ops/code/write", body, world.Token);

        Assert.Equal((400, error), (answer.Status, answer.Error));
    }

    [Fact]
    public async Task An_unknown_build_language_is_refused_before_anything_is_written()
    {
        await using World world = await World.StartAsync();

        Answer answer = await world.WriteAsync($"{Edit},\"build_language\":\"cobol\"");

        answer.Is(400, "unsupported_build_language", "unsupported build language: cobol");
        Assert.Equal(
            """["go","golang","python","py","node","javascript","js","typescript","ts","rust","java"]""",
            answer.Root.GetProperty("details").GetProperty("allowed").GetRawText());
        Assert.Null(world.Api.CodeWriter.LastSpec);
    }

    [Fact]
    public async Task Values_that_are_not_sent_are_the_defaults()
    {
        await using World world = await World.StartAsync();

        await world.WriteAsync(Edit);

        CodeWriteSpec spec = world.Api.CodeWriter.LastSpec!;
        Assert.Equal(
            (120, 131_072, 500, null, null, false),
            ((int)spec.Timeout.TotalSeconds, spec.MaxOutputBytes, spec.MaxLines, spec.Build, spec.PostCommand, spec.RevertsOnFailure));
        ContextEdit edit = Assert.IsType<FileEdit.InContext>(spec.Edit).Edit;
        Assert.Equal(("x = 1", "x = 2", "", "", 0), (Text(edit.OldText), Text(edit.NewText), Text(edit.Before), Text(edit.After), edit.Occurrence));
    }

    [Theory]
    [InlineData(0, 120, 131_072, 500)]
    [InlineData(-1, 120, 131_072, 500)]
    [InlineData(7, 7, 7, 7)]
    [InlineData(long.MaxValue, 86_400, 8_388_608, int.MaxValue)]
    public async Task Limits_are_kept_to(long sent, int timeout, int bytes, int lines)
    {
        await using World world = await World.StartAsync();

        await world.WriteAsync($"{Edit},\"timeout_seconds\":{sent},\"max_output_bytes\":{sent},\"max_lines\":{sent},\"occurrence\":{sent}");

        CodeWriteSpec spec = world.Api.CodeWriter.LastSpec!;
        Assert.Equal((timeout, bytes, lines), ((int)spec.Timeout.TotalSeconds, spec.MaxOutputBytes, spec.MaxLines));
        Assert.Equal(sent, Assert.IsType<FileEdit.InContext>(spec.Edit).Edit.Occurrence);
    }

    [Theory]
    [InlineData(" ", "\\n", "", "")]
    [InlineData("\\n", "b", "\n", "b")]
    [InlineData("a", "", "a", "")]
    public async Task Context_counts_where_one_side_is_not_blank(string before, string after, string usedBefore, string usedAfter)
    {
        await using World world = await World.StartAsync();

        await world.WriteAsync($"{Edit},\"before_context\":\"{before}\",\"after_context\":\"{after}\"");

        ContextEdit edit = Assert.IsType<FileEdit.InContext>(world.Api.CodeWriter.LastSpec!.Edit).Edit;
        Assert.Equal((usedBefore, usedAfter), (Text(edit.Before), Text(edit.After)));
    }

    [Theory]
    [InlineData("replace_file")]
    [InlineData("REWRITE")]
    [InlineData("Overwrite")]
    [ContractLine("K1", Part = "empty file")]
    public async Task A_whole_file_can_be_sent_an_empty_one_too(string mode)
    {
        await using World world = await World.StartAsync();

        await world.WriteAsync($"\"sandbox_path\":\"/a//b\",\"write_mode\":\"{mode}\",\"content\":\"\",\"build_language\":\"TS\",\"revert_on_failure\":true");

        CodeWriteSpec spec = world.Api.CodeWriter.LastSpec!;
        Assert.Equal(("/a/b", CodeLanguage.Node, true), (spec.Path.Text, spec.Build, spec.RevertsOnFailure));
        Assert.True(Assert.IsType<FileEdit.Replace>(spec.Edit).Content.IsEmpty);
    }

    [Fact]
    public async Task A_command_behind_the_write_is_answered_at_once_with_202_and_the_write_beside_it()
    {
        await using World world = await World.StartAsync();

        Answer answer = await world.WriteAsync($"{Edit},\"post_exec_command\":\" sleep \"");

        Assert.Equal((202, "running", "code_write"), (answer.Status, answer.Text("status"), answer.Text("origin")));
        Assert.Equal("sleep", world.Api.CodeWriter.LastSpec!.PostCommand);
        Assert.Equal(
            """{"status":"ok","applied_files":["main.py"],"sandbox_path":"/app/main.py","bytes_written":118}""",
            answer.Root.GetProperty("write").GetRawText());
        Assert.Equal(["id", "sandbox_id", "status", "started_at", "origin", "stdout_bytes", "stderr_bytes", "write", "stdout", "stderr"], answer.Names);
    }

    [Fact]
    public async Task A_wait_that_was_sent_is_answered_with_200_and_the_final_exec()
    {
        await using World world = await World.StartAsync();

        Answer answer = await world.WriteAsync($"{Edit},\"post_exec_command\":\"make\",\"post_exec_wait_timeout_seconds\":0");

        Assert.Equal((200, "succeeded", "make\n"), (answer.Status, answer.Text("status"), answer.Text("stdout")));
        Assert.Equal("ok", answer.Root.GetProperty("write").GetProperty("status").GetString());
        Assert.Equal(TimeSpan.FromSeconds(10), world.Api.Execs.LastWait);
    }

    [Theory]
    [InlineData(1, 120, 1)]
    [InlineData(60, 3, 3)]
    [ContractLine("K3", Part = "time over")]
    public async Task A_wait_that_is_over_is_200_with_the_running_exec_and_the_seconds_in_force(int wait, int timeout, int shown)
    {
        await using World world = await World.StartAsync();

        Answer answer = await world.WriteAsync(
            $"{Edit},\"post_exec_command\":\"sleep\",\"post_exec_wait_timeout_seconds\":{wait},\"timeout_seconds\":{timeout}");

        Assert.Equal((200, "running"), (answer.Status, answer.Text("status")));
        Assert.Equal(
            $"still running after wait timeout ({shown}s); call get_exec with exec_id={answer.Text("id")} to continue polling", answer.Error);
        Assert.Equal(TimeSpan.FromSeconds(shown), world.Api.Execs.LastWait);
    }

    [Fact]
    public async Task An_edit_that_fails_is_answered_as_one_and_no_command_runs()
    {
        await using World world = await World.StartAsync();
        world.Api.CodeWriter.Change = result => result with { IsApplied = false, Failure = new WriteFailure("no_match", "e") };

        Answer answer = await world.WriteAsync($"{Edit},\"post_exec_command\":\"make\"");

        Assert.Equal((200, "error", "no_match", 0), (answer.Status, answer.Text("status"), answer.Code, world.Api.Execs.Starts));
    }

    [Fact]
    public async Task A_refusal_of_the_runtime_has_its_status()
    {
        await using World world = await World.StartAsync();
        world.Api.CodeWriter.Fail = new RuntimeException(ErrorKind.SandboxBusy, "busy");

        (await world.WriteAsync(Edit)).Is(409, "sandbox_busy", "busy");
    }

    [Fact]
    public async Task Another_session_is_told_before_any_value_is_looked_at()
    {
        await using World world = await World.StartAsync();

        Answer answer = await world.Api.SendAsync("POST", $"/sandboxes/{world.Sandbox}/ops/code/write", "{}", world.Api.Token());

        answer.Is(403, "forbidden", $"forbidden: {world.Sandbox} belongs to another session");
    }

    private static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    private sealed class World(TestApi api, string token, string sandbox) : IAsyncDisposable
    {
        public TestApi Api => api;

        public string Token => token;

        public string Sandbox => sandbox;

        public static async Task<World> StartAsync()
        {
            TestApi api = await TestApi.StartAsync();
            (string token, string sandbox) = await api.SandboxAsync();
            return new World(api, token, sandbox);
        }

        public Task<Answer> WriteAsync(string fields) => api.SendAsync("POST", $"/sandboxes/{sandbox}/ops/code/write", $"{{{fields}}}", token);

        public ValueTask DisposeAsync() => api.DisposeAsync();
    }
}
