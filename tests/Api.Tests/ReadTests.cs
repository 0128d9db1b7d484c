using System.Text;
using System.Text.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Endpoint 24.</summary>
public sealed class ReadTests
{
    [Theory]
    [InlineData("""{}""", "bad_request", "bad request: command is required")]
    [InlineData("""{"command":" "}""", "bad_request", "bad request: command is required")]
    [InlineData("""{"command":"sort","args":["-o","f"]}""", "unsupported_read_command", "unsupported read command")]
    [InlineData("""{"command":"sh"}""", "unsupported_read_command", "unsupported read command")]
    [InlineData("""{"command":"cat","args":["a\u0000"]}""", "invalid_argument", "bad request: args must not contain a NUL character")]
    [InlineData("""{"command":"cat","cwd":"a\u0000"}""", "invalid_argument", "bad request: cwd must be a path of at most 4095 bytes")]
    [InlineData("""{"command":"sed","args":["-i","p","f"]}""", "read_only_violation", "ops/read refuses sed -i: it can write or execute")]
    [InlineData("""{"command":"sed","args":["s/a/b/w f"]}""", "read_only_violation", "ops/read refuses sed s/a/b/w f: it can write or execute")]
    [InlineData("""{"command":"find","args":[".","-delete"]}""", "read_only_violation", "ops/read refuses find -delete: it can write or execute")]
    [InlineData("""{"command":"fd","args":["-Hx","rm"]}""", "read_only_violation", "ops/read refuses fd -Hx: it can write or execute")]
    [InlineData("""{"command":"rg","args":["--pre=sh","x"]}""", "read_only_violation", "ops/read refuses rg --pre=sh: it can write or execute")]
    [InlineData("""{"command":"tree","args":["-ao","f"]}""", "read_only_violation", "ops/read refuses tree -ao: it can write or execute")]
    public async Task What_is_refused_starts_nothing(string body, string code, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = (await ReadAsync(api, token, sandbox, body)).Is(400, code, error);

        Assert.Equal(0, api.Execs.Starts);
        if (code == "read_only_violation")
        {
            Assert.Equal(error, $"ops/read refuses {answer.Detail("command")} {answer.Detail("argument")}: it can write or execute");
        }
        else if (code == "unsupported_read_command")
        {
            Assert.Equal("""["cat","sed","head","tail","ls","tree","grep","rg","find","fd","wc","stat"]""", answer.Detail("allowed"));
        }
    }

    [Theory]
    [InlineData("args", "\"x\"")]
    [InlineData("args", "[1]")]
    [InlineData("command", "1")]
    [InlineData("cwd", "1")]
    [InlineData("timeout_seconds", "\"1\"")]
    [InlineData("max_output_bytes", "1.5")]
    [InlineData("max_lines", "true")]
    [InlineData("output_offset", "{}")]
    public async Task Wrong_types_are_400_with_the_field(string field, string value)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal(field, (await ReadAsync(api, token, sandbox, $$"""{"{{field}}":{{value}}}""")).Is(400, "invalid_json").Detail("field"));
    }

    [Fact]
    public async Task The_arguments_reach_the_program_one_by_one_without_a_shell()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await ReadAsync(api, token, sandbox, """{"command":"grep","args":["-n","a b;c","$HOME"],"cwd":"src"}""");

        ExecSpec spec = api.Execs.LastSpec!;
        Assert.Equal(["grep", "-n", "a b;c", "$HOME"], spec.Argv!);
        Assert.Equal((null, "src", ExecOrigin.OpsRead, TimeSpan.FromSeconds(300)), (spec.Command, spec.Cwd, spec.Origin, spec.Timeout!.Value));
        Assert.Contains("PATH", spec.PassedVariables!);
        Assert.DoesNotContain("RIPGREP_CONFIG_PATH", spec.PassedVariables!);
        Assert.Equal(["status", "duration_ms", "timed_out", "truncated", "exec_id", "exit_code", "stdout", "stderr"], answer.Names);
        Assert.Equal(("ok", "grep -n a b;c $HOME\n", ""), (answer.Text("status"), answer.Text("stdout"), answer.Text("stderr")));
        Assert.Equal("ops_read", (await api.SendAsync("GET", $"/sandboxes/{sandbox}/exec/{answer.Text("exec_id")}", null, token)).Text("origin"));
    }

    [Theory]
    [InlineData("", 10)]
    [InlineData(",\"timeout_seconds\":0", 10)]
    [InlineData(",\"timeout_seconds\":-1", 10)]
    [InlineData(",\"timeout_seconds\":2", 2)]
    [InlineData(",\"timeout_seconds\":301", 300)]
    [InlineData(",\"timeout_seconds\":99999999999999999999", 300)]
    public async Task Time_over_is_200_running_and_the_exec_goes_on(string field, int seconds)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.OnStart = (id, _) => api.Execs.Print(id, "so far\n"u8);

        Answer answer = await ReadAsync(api, token, sandbox, $$"""{"command":"tail","args":["-f","log"]{{field}}}""");

        Assert.Equal((200, "running", "so far\n"), (answer.Status, answer.Text("status"), answer.Text("stdout")));
        Assert.True(answer.Root.GetProperty("timed_out").GetBoolean());
        Assert.Equal($"read command still running after timeout ({seconds}s); poll get_exec with exec_id={answer.Text("exec_id")}", answer.Error);
        Assert.DoesNotContain("exit_code", answer.Names);
        Assert.False(answer.Root.GetProperty("truncated").GetBoolean());
        Assert.Equal(ExecStatus.Running, api.Execs.All.Single().Status);
    }

    [Fact]
    public async Task Shutting_down_ends_the_wait_and_says_so()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.OnStart = (_, _) => api.Host.Stop();

        Answer answer = await ReadAsync(api, token, sandbox, """{"command":"tail"}""");

        Assert.Equal(("running", $"the daemon is shutting down; poll get_exec with exec_id={answer.Text("exec_id")}"), (answer.Text("status"), answer.Error));
        Assert.False(answer.Root.GetProperty("timed_out").GetBoolean());
    }

    [Theory]
    [InlineData("grep", 1, "ok", null)]
    [InlineData("rg", 1, "ok", null)]
    [InlineData("grep", 2, "error", "command exited with status 2")]
    [InlineData("cat", 1, "error", "command exited with status 1")]
    [InlineData("find", 1, "error", "command exited with status 1")]
    [InlineData("ls", 0, "ok", null)]
    public async Task Only_a_search_that_finds_nothing_is_no_error(string command, int code, string status, string? error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.OnStart = (id, _) => api.Execs.End(id, code);

        Answer answer = await ReadAsync(api, token, sandbox, $$"""{"command":"{{command}}"}""");

        Assert.Equal((status, code, ""), (answer.Text("status"), answer.Root.GetProperty("exit_code").GetInt32(), answer.Text("stdout")));
        Assert.Equal(error, answer.Names.Contains("error") ? answer.Error : null);
    }

    [Fact]
    public async Task A_program_that_is_not_there_is_127_and_a_directory_that_is_not_there_says_so()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string reason = "no `rg` in the image";
        api.Execs.OnStart = (id, _) => api.Execs.Change(id, e => e with { Status = ExecStatus.Failed, Error = $"command could not be started: {reason}" });

        Answer missing = await ReadAsync(api, token, sandbox, """{"command":"rg","args":["x"]}""");
        reason = "missing working directory src";
        Answer folder = await ReadAsync(api, token, sandbox, """{"command":"rg","args":["x"],"cwd":"src"}""");

        Assert.Equal(("error", 127, "rg is not installed in this sandbox's image"), (missing.Text("status"), missing.Root.GetProperty("exit_code").GetInt32(), missing.Error));
        Assert.Equal(("error", "command could not be started: missing working directory src"), (folder.Text("status"), folder.Error));
        Assert.DoesNotContain("exit_code", folder.Names);
    }

    [Fact]
    public async Task Pages_join_by_next_offset_whatever_their_size()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        byte[] all = Encoding.UTF8.GetBytes("eins ä\n\nzwei 😀\ndrei €€\nvier");
        api.Execs.OnStart = (id, _) => api.Execs.Finish(id, 0, all);

        foreach ((int bytes, int lines) in from b in (int[])[1, 2, 3, 5, 8, 100] from l in (int[])[0, 1, 2, 5] select (b, l))
        {
            StringBuilder joined = new();
            long? offset = 0;
            while (offset is not null)
            {
                Answer page = await ReadAsync(
                    api, token, sandbox, $$"""{"command":"cat","max_output_bytes":{{bytes}},"max_lines":{{lines}},"output_offset":{{offset}}}""");
                joined.Append(page.Text("stdout"));
                long next = offset.Value + Encoding.UTF8.GetByteCount(page.Text("stdout"));
                bool cut = next < all.Length;
                Assert.Equal(cut, page.Root.GetProperty("truncated").GetBoolean());
                Assert.Equal(cut ? next : null, Number(page, "next_offset"));
                Assert.Equal(cut ? all.Length - next : null, Number(page, "omitted_bytes"));
                Assert.True(!cut || next > offset, page.Body);
                offset = cut ? next : null;
            }

            Assert.Equal(Encoding.UTF8.GetString(all), joined.ToString());
        }
    }

    [Fact]
    public async Task Limits_are_per_stream_and_the_defaults_are_those_of_the_contract()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        byte[] long1 = Encoding.UTF8.GetBytes(new string('a', (8 * 1024 * 1024) + 5));
        api.Execs.OnStart = (id, _) =>
        {
            api.Execs.Print(id, long1);
            api.Execs.Print(id, "one\ntwo\nthree\n"u8, toStderr: true);
            api.Execs.End(id, 0);
        };

        Answer byDefault = await ReadAsync(api, token, sandbox, """{"command":"cat","max_output_bytes":-3}""");
        Answer most = await ReadAsync(api, token, sandbox, """{"command":"cat","max_output_bytes":999999999999,"max_lines":2}""");

        Assert.Equal(262_144, byDefault.Text("stdout").Length);
        Assert.Equal("one\ntwo\nthree\n", byDefault.Text("stderr"));
        Assert.Equal(8 * 1024 * 1024, most.Text("stdout").Length);
        Assert.Equal("one\ntwo\n", most.Text("stderr"));
        Assert.Equal(5 + 6, most.Root.GetProperty("omitted_bytes").GetInt64());
        Assert.Equal(8 * 1024 * 1024, most.Root.GetProperty("next_offset").GetInt64());
    }

    [Fact]
    public async Task Errors_that_are_cut_alone_give_no_next_offset()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.OnStart = (id, _) =>
        {
            api.Execs.Print(id, "12345"u8, toStderr: true);
            api.Execs.End(id, 1);
        };

        Answer answer = await ReadAsync(api, token, sandbox, """{"command":"cat","max_output_bytes":3,"output_offset":-1}""");

        Assert.Equal(("123", 2L, true), (answer.Text("stderr"), answer.Root.GetProperty("omitted_bytes").GetInt64(), answer.Root.GetProperty("truncated").GetBoolean()));
        Assert.DoesNotContain("next_offset", answer.Names);
    }

    [Fact]
    public async Task What_the_spool_did_not_keep_is_counted_and_told()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Execs.Cap = 4;
        api.Execs.OnStart = (id, _) => api.Execs.Finish(id, 0, "123456"u8.ToArray());

        Answer first = await ReadAsync(api, token, sandbox, """{"command":"cat","max_output_bytes":3}""");
        Answer last = await ReadAsync(api, token, sandbox, """{"command":"cat","output_offset":3}""");
        Answer beyond = await ReadAsync(api, token, sandbox, """{"command":"cat","output_offset":5}""");

        Assert.Equal(("123", 3L, 3L), (first.Text("stdout"), first.Root.GetProperty("omitted_bytes").GetInt64(), first.Root.GetProperty("next_offset").GetInt64()));
        Assert.DoesNotContain("hint", first.Names);
        foreach ((Answer answer, string text, long omitted) in ((Answer, string, long)[])[(last, "4", 2), (beyond, "", 1)])
        {
            Assert.Equal(("ok", text, omitted), (answer.Text("status"), answer.Text("stdout"), answer.Root.GetProperty("omitted_bytes").GetInt64()));
            Assert.DoesNotContain("next_offset", answer.Names);
            Assert.Equal("of stdout only the first 4 bytes were kept (exec.spool_max_bytes); read a smaller part", answer.Text("hint"));
        }
    }

    private static long? Number(Answer answer, string name) => answer.Root.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : null;

    private static Task<Answer> ReadAsync(TestApi api, string token, string sandbox, string body) =>
        api.SendAsync("POST", $"/sandboxes/{sandbox}/ops/read", body, token);
}
