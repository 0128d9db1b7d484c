using System.Text;
using System.Text.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Endpoints 12 to 14 and 33.</summary>
public sealed class ExecTests
{
    [Theory]
    [InlineData("""{}""", "bad_request", "command", "bad request: command is required")]
    [InlineData("""{"command":" \n "}""", "bad_request", "command", "bad request: command is required")]
    [InlineData("""{"command":"a\u0000b"}""", "invalid_argument", "command", "bad request: command must not contain a NUL character")]
    [InlineData("""{"command":"a","argv":["b"]}""", "invalid_argument", "argv", "bad request: argv and command exclude each other")]
    [InlineData("""{"argv":[]}""", "invalid_argument", "argv", "bad request: argv must hold 1 to 1024 strings, the first of them not empty")]
    [InlineData("""{"argv":[""]}""", "invalid_argument", "argv", null)]
    [InlineData("""{"argv":["a\u0000"]}""", "invalid_argument", "argv", "bad request: argv must not contain a NUL character")]
    [InlineData("""{"command":"a","timeout_seconds":-1}""", "invalid_argument", "timeout_seconds", "bad request: timeout_seconds must not be negative")]
    [InlineData("""{"command":"a","cwd":"tmp"}""", "invalid_argument", "cwd", "bad request: cwd must be an absolute path of at most 4095 bytes")]
    [InlineData("""{"command":"a","cwd":""}""", "invalid_argument", "cwd", null)]
    [InlineData("""{"command":"a","cwd":"/a\u0000"}""", "invalid_argument", "cwd", null)]
    [InlineData("""{"command":"a","env":{"A-B":""}}""", "invalid_argument", "env", null)]
    [InlineData("""{"command":"a","user":"no body"}""", "invalid_argument", "user", null)]
    public async Task A_bad_value_is_400_with_its_field(string body, string code, string field, string? error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", body, token);

        Assert.Equal(field, answer.Is(400, code, error).Detail("field"));
        Assert.Equal(0, api.Execs.Starts);
    }

    [Theory]
    [InlineData("command", "\"x\"")]
    [InlineData("wait", "true")]
    [InlineData("wait_timeout_seconds", "1")]
    [InlineData("timeout_seconds", "1")]
    [InlineData("argv", "[\"a\"]")]
    [InlineData("stdin", "\"a\"")]
    public async Task Wrong_types_are_400_invalid_json(string field, string right)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        foreach (string wrong in new[] { "{}", "[1]", "1.5", "\"x\"", "true" }.Where(w => w[0] != right[0] || w == "[1]"))
        {
            if ((right[0], wrong[0]) is not ('1', '1') || wrong == "1.5")
            {
                Answer answer = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", $$"""{"{{field}}":{{wrong}}}""", token);
                Assert.Equal(field, answer.Is(400, "invalid_json").Detail("field"));
            }
        }
    }

    [Fact]
    public async Task Lengths_are_limited_in_bytes()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Task<Answer> Try(object body) => api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", JsonSerializer.Serialize(body), token);

        Assert.Equal(202, (await Try(new { command = new string('é', 60_000) })).Status);
        Answer tooLong = (await Try(new { command = new string('é', 60_000) + "x" })).Is(400, "invalid_argument");
        Assert.Equal("write a script with ops/code/write and run it", tooLong.Text("hint"));
        Assert.Equal(202, (await Try(new { argv = new[] { "a", new string('x', 119_999) } })).Status);
        (await Try(new { argv = new[] { "a", new string('x', 120_000) } })).Is(400, "invalid_argument");
        Assert.Equal(202, (await Try(new { argv = Enumerable.Repeat("a", 1024) })).Status);
        (await Try(new { argv = Enumerable.Repeat("a", 1025) })).Is(400, "invalid_argument");
        Assert.Equal(202, (await Try(new { command = "cat", stdin = new string('x', 1024 * 1024) })).Status);
        Assert.Equal("stdin", (await Try(new { command = "cat", stdin = new string('x', (1024 * 1024) + 1) })).Is(400, "invalid_argument").Detail("field"));
    }

    [Fact]
    public async Task Every_field_reaches_the_runtime()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec",
            """{"command":" echo hi ","timeout_seconds":7,"cwd":"/tmp","env":{"A":"1"},"user":"nobody","stdin":"in"}""", token);

        ExecSpec spec = api.Execs.LastSpec!;
        Assert.Equal("echo hi", spec.Command);
        Assert.Null(spec.Argv);
        Assert.Equal(TimeSpan.FromSeconds(7), spec.Timeout);
        Assert.Equal("/tmp", spec.Cwd);
        Assert.Equal("1", spec.Env["A"]);
        Assert.Equal("nobody", spec.User);
        Assert.Equal("in", spec.Stdin);

        await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"","argv":["ls","-l",""],"timeout_seconds":0}""", token);
        Assert.Equal(["ls", "-l", ""], api.Execs.LastSpec!.Argv!);
        Assert.Null(api.Execs.LastSpec.Command);
        Assert.Null(api.Execs.LastSpec.Timeout);
    }

    [Fact]
    public async Task Not_waited_is_202_and_waited_is_200()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer started = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"sleep"}""", token);
        Answer waited = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true","wait":true}""", token);

        Assert.Equal((202, "running"), (started.Status, started.Text("status")));
        Assert.Equal("", started.Text("stdout"));
        Assert.Equal((200, "succeeded"), (waited.Status, waited.Text("status")));
    }

    [Theory]
    [InlineData("", 10)]
    [InlineData(",\"wait_timeout_seconds\":0", 10)]
    [InlineData(",\"wait_timeout_seconds\":-7", 10)]
    [InlineData(",\"wait_timeout_seconds\":1", 1)]
    [InlineData(",\"wait_timeout_seconds\":999999999999", 3600)]
    [InlineData(",\"wait_timeout_seconds\":99999999999999999999999", 3600)]
    public async Task The_end_of_a_wait_is_told_with_the_seconds_in_force(string field, int seconds)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", $$"""{"command":"sleep","wait":true{{field}}}""", token);

        Assert.Equal((200, "running"), (answer.Status, answer.Text("status")));
        Assert.Equal($"still running after wait timeout ({seconds}s); call get_exec with exec_id={answer.Text("id")} to continue polling", answer.Error);
        Assert.Equal(TimeSpan.FromSeconds(seconds), api.Execs.LastWait);
        Assert.DoesNotContain("timed_out", answer.Names);
    }

    [Fact]
    public async Task A_webhook_is_answered_where_one_was_asked_for_and_only_there()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await api.SendAsync(
            "POST", $"/sandboxes/{sandbox}/exec", """{"command":"true","wait":true,"webhook_url":"http://127.0.0.1:9/h"}""", token);
        Answer without = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true","webhook_url":" "}""", token);

        Assert.Equal("succeeded", answer.Text("status"));
        Assert.Equal("""{"created":true,"exec_status":"running"}""", answer.Root.GetProperty("webhook_subscription").GetRawText());
        Assert.DoesNotContain("webhook_subscription", without.Names);
    }

    [Fact]
    public async Task An_exec_is_found_under_its_own_sandbox_only()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Answer second = await api.SendAsync("POST", "/sandboxes", "{}", token);
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true"}""", token)).Text("id");

        Assert.Equal(200, (await api.SendAsync("GET", $"/sandboxes/{sandbox}/exec/{id}?session_token={token}")).Status);
        (await api.SendAsync("GET", $"/sandboxes/{second.Text("sandbox_id")}/exec/{id}", null, token))
            .Is(404, "not_found", $"resource not found: exec {id}");
        (await api.SendAsync("POST", $"/sandboxes/{second.Text("sandbox_id")}/exec/{id}/cancel", null, token)).Is(404, "not_found");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("this is not json")]
    [InlineData("[1,2]")]
    public async Task Cancel_needs_no_body_and_ignores_one_that_is_not_JSON(string? body)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"sleep"}""", token)).Text("id");

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec/{id}/cancel?session_token={token}", body);

        Assert.Equal((200, "cancelling"), (answer.Status, answer.Text("status")));
        Assert.DoesNotContain("error", answer.Names);
    }

    [Fact]
    public async Task A_wait_that_sees_a_cancel_has_no_text_about_waiting()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Task<Answer> waiting = api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"sleep","wait":true}""", token);
        while (api.Execs.LastWait is null)
        {
            await Task.Delay(5);
        }

        ExecId id = ExecIdOf(api, sandbox);
        api.Execs.Cancel(id);

        Answer answer = await waiting;
        Assert.Equal("cancelling", answer.Text("status"));
        Assert.DoesNotContain("error", answer.Names);
    }

    [Theory]
    [InlineData("stream=both", "stream")]
    [InlineData("offset=-1", "offset")]
    [InlineData("offset=1.5", "offset")]
    [InlineData("offset=", "offset")]
    [InlineData("offset=99999999999999999999", "offset")]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1048577", "limit")]
    [InlineData("limit=many", "limit")]
    [InlineData("encoding=latin1", "encoding")]
    public async Task A_bad_query_of_output_is_400_with_its_field(string query, string field)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true"}""", token)).Text("id");

        Answer answer = await api.SendAsync("GET", $"/sandboxes/{sandbox}/exec/{id}/output?{query}", null, token);

        Assert.Equal(field, answer.Is(400, "invalid_argument").Detail("field"));
    }

    [Fact]
    public async Task Pages_of_output_end_at_characters_and_join_to_the_whole()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"sleep"}""", token)).Text("id");
        const string text = "aé€😀z";
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        api.Execs.Finish(ExecId.Parse(id), 0, bytes);

        foreach (int limit in Enumerable.Range(1, bytes.Length))
        {
            StringBuilder joined = new();
            long offset = 0;
            bool eof = false;
            while (!eof)
            {
                Answer page = await api.SendAsync("GET", $"/sandboxes/{sandbox}/exec/{id}/output?offset={offset}&limit={limit}", null, token);
                joined.Append(page.Text("data"));
                Assert.True(page.Root.GetProperty("next_offset").GetInt64() > offset, page.Body);
                offset = page.Root.GetProperty("next_offset").GetInt64();
                eof = page.Root.GetProperty("eof").GetBoolean();
            }

            Assert.Equal(text, joined.ToString());
        }
    }

    [Fact]
    public async Task Half_a_character_waits_for_its_rest_while_the_command_runs_and_shows_at_the_very_end()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"sleep"}""", token)).Text("id");
        string path = $"/sandboxes/{sandbox}/exec/{id}/output?offset=1";
        api.Execs.Change(ExecId.Parse(id), e => e with { StdoutBytes = 3 }, [0x61, 0xe2, 0x82]);

        Answer running = await api.SendAsync("GET", path, null, token);
        api.Execs.Finish(ExecId.Parse(id), 0, [0x61, 0xe2, 0x82]);
        Answer final = await api.SendAsync("GET", path, null, token);
        Answer raw = await api.SendAsync("GET", path + "&encoding=base64", null, token);
        Answer beyond = await api.SendAsync("GET", path + "00", null, token);

        Assert.Equal($$"""{"exec_id":"{{id}}","stream":"stdout","offset":1,"next_offset":1,"total_bytes":3,"stored_bytes":3,"eof":false,"encoding":"utf8","data":""}""", running.Body);
        Assert.Equal($$"""{"exec_id":"{{id}}","stream":"stdout","offset":1,"next_offset":3,"total_bytes":3,"stored_bytes":3,"eof":true,"encoding":"utf8","data":"�"}""", final.Body);
        Assert.Equal($$"""{"exec_id":"{{id}}","stream":"stdout","offset":1,"next_offset":3,"total_bytes":3,"stored_bytes":3,"eof":true,"encoding":"base64","data":"4oI="}""", raw.Body);
        Assert.Equal($$"""{"exec_id":"{{id}}","stream":"stdout","offset":100,"next_offset":100,"total_bytes":3,"stored_bytes":3,"eof":false,"encoding":"utf8","data":""}""", beyond.Body);
    }

    private static ExecId ExecIdOf(TestApi api, string sandbox) => api.Execs.All.Single(e => e.Sandbox.ToString() == sandbox).Id;
}
