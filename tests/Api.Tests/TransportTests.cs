using System.Net;
using Sleigh.Linux.Sqlite;
using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>Section 1 of the contract.</summary>
public sealed class TransportTests
{
    [Theory]
    [InlineData("GET", "/")]
    [InlineData("GET", "/nowhere")]
    [InlineData("GET", "/sandboxes/")]
    [InlineData("GET", "/Sandboxes")]
    [InlineData("GET", "/healthz/more")]
    [InlineData("POST", "/sandboxes/sbx_000000000001/exec/exec_000000000001/cancel/now")]
    [InlineData("GET", "/a/b/c/d/e/f/g/h/i/j/k")]
    // Endpoints of later versions.
    [InlineData("POST", "/workflow/runs")]
    [InlineData("GET", "/sandboxes/sbx_000000000001/exec/exec_000000000001/streams")]
    [InlineData("GET", "/sessions/sid_000000000001/exec-task")]
    [ContractLine("T2", Part = "unknown paths")]
    public async Task An_unknown_path_is_404_json(string method, string path)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync(method, path);

        answer.Is(404, "route_not_found", "resource not found: there is no endpoint at this path");
    }

    [Theory]
    [InlineData("GET", "/sessions/token", "POST")]
    [InlineData("PUT", "/sandboxes", "POST, GET, HEAD")]
    [InlineData("OPTIONS", "/healthz", "GET, HEAD")]
    [InlineData("HEAD", "/sandboxes/sbx_000000000001/exec", "POST")]
    [InlineData("POST", "/sandboxes/sbx_000000000001", "GET, HEAD, DELETE")]
    [ContractLine("T2", Part = "other methods")]
    public async Task A_known_path_with_another_method_is_405_with_Allow(string method, string path, string allow)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync(method, path);

        Assert.Equal(405, answer.Status);
        Assert.Equal(allow, answer.Headers["Allow"]);
        if (method != "HEAD")
        {
            answer.Is(405, "method_not_allowed");
            Assert.Equal(allow.Split(", "), answer.Root.GetProperty("details").GetProperty("allowed").EnumerateArray().Select(a => a.GetString()));
        }
    }

    [Fact]
    public async Task A_line_of_the_log_has_the_operation_and_what_it_is_about_beside_it()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string exec = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"argv":["id"],"wait":true}""", token)).Text("id");
        string session = api.Sandboxes.Find(SandboxId.Parse(sandbox))!.Session.ToString();

        await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec/{exec}/cancel", null, token);
        Assert.Equal(
            ["operation=end-exec", $"session={session}", $"sandbox={sandbox}", $"exec={exec}"],
            api.Log.Values.Last().Where(v => v.Split('=')[0] is "operation" or "session" or "sandbox" or "exec"));

        await api.SendAsync("GET", "/nowhere");
        Assert.DoesNotContain(api.Log.Values.Last(), v => v.StartsWith("operation", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_daemons_own_questions_whether_it_lives_do_not_fill_the_log()
    {
        await using TestApi api = await TestApi.StartAsync();
        await api.SendAsync("GET", "/healthz");
        Assert.StartsWith("Information ", api.Log.Lines.Last(), StringComparison.Ordinal);
        api.Socket = true;

        await api.SendAsync("GET", "/healthz");

        Assert.Matches("^Debug .* asked whether sleighd lives: 200 ", api.Log.Lines.Last());
    }

    [Fact]
    public async Task HEAD_is_GET_without_the_body()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer get = await api.SendAsync("GET", "/healthz");
        Answer head = await api.SendAsync("HEAD", "/healthz");

        Assert.Equal(200, head.Status);
        Assert.Equal("", head.Body);
        Assert.Equal(get.Headers["Content-Length"], head.Headers["Content-Length"]);
        Assert.Equal("application/json; charset=utf-8", head.Headers["Content-Type"]);
    }

    [Theory]
    [InlineData("", "empty_body", "empty request body")]
    [InlineData(" \n", "empty_body", "empty request body")]
    [InlineData("{\"image\":", "invalid_json", "invalid json: malformed at line 1, byte 10")]
    [InlineData("{\"image\" \"a\"}", "invalid_json", "invalid json: malformed at line 1, byte 10")]
    [InlineData("{} x", "invalid_json", "invalid json: there is text after the object")]
    [InlineData("{}{}", "invalid_json", "invalid json: there is text after the object")]
    [InlineData("[]", "invalid_json", "invalid json: the body must be an object")]
    [InlineData("7", "invalid_json", "invalid json: the body must be an object")]
    [InlineData("{\"image\":\"\\ud800\"}", "invalid_json", null)]
    [InlineData("{\"\\udc00\":1}", "invalid_json", null)]
    [InlineData("{'a':1}", "invalid_json", null)]
    [InlineData("{\"a\":1,}", "invalid_json", null)]
    [InlineData("{\"a\":NaN}", "invalid_json", null)]
    [ContractLine("T3", Part = "empty, malformed, trailing text")]
    public async Task A_body_that_is_not_one_JSON_object_is_400(string body, string code, string? error)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = (await api.SendAsync("POST", "/sandboxes", body, api.Token())).Is(400, code, error);

        Assert.StartsWith(code == "empty_body" ? "empty" : "invalid json: ", answer.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_not_UTF8_is_400()
    {
        await using TestApi api = await TestApi.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/sandboxes") { Content = new ByteArrayContent([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) };

        (await api.SendAsync(request)).Is(400, "invalid_json", "invalid json: the body is not UTF-8");
    }

    [Fact]
    public async Task A_very_deep_body_is_400()
    {
        await using TestApi api = await TestApi.StartAsync();

        (await api.SendAsync("POST", "/sandboxes", $"{{\"a\":{new string('[', 5000)}", api.Token())).Is(400, "invalid_json");
    }

    [Theory]
    [InlineData("image", "1", "a string")]
    [InlineData("labels", "[]", "an object of strings")]
    [InlineData("labels", "{\"a\":1}", "an object of strings")]
    [InlineData("memory_limit_mb", "\"512\"", "an integer")]
    [InlineData("memory_limit_mb", "512.0", "an integer, not 512.0")]
    [InlineData("memory_limit_mb", "5e2", "an integer, not 5e2")]
    [InlineData("memory_limit_mb", "1.5e400", "an integer, not 1.5e400")]
    [InlineData("confirm_low_memory", "1", "true or false")]
    [InlineData("auto_expand_memory", "\"true\"", "true or false")]
    [InlineData("cpus", "\"1\"", "a number")]
    [InlineData("env", "{\"A\":true}", "an object of strings")]
    [InlineData("snapshot_id", "{}", "a string")]
    [ContractLine("T3", Part = "wrong type")]
    public async Task A_wrong_type_is_400_and_names_the_field(string field, string value, string wanted)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync("POST", "/sandboxes", $$"""{"{{field}}":{{value}}}""", api.Token());

        answer.Is(400, "invalid_json", $"invalid json: field {field} must be {wanted}");
        Assert.Equal(field, answer.Detail("field"));
    }

    [Fact]
    public async Task Null_is_the_same_as_not_sent_and_of_a_name_given_twice_the_last_counts()
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer answer = await api.SendAsync(
            "POST", "/sandboxes", """{"image":null,"labels":{"a":"1","b":null},"cpus":null,"name":5,"name":"last","env":null}""", api.Token());

        Assert.True(answer.Status == 201, answer.Body);
        Assert.Equal("last", answer.Text("name"));
        Assert.Equal("python:3.11-slim", answer.Text("image"));
        Assert.False(answer.Root.GetProperty("labels").TryGetProperty("b", out _));
    }

    [Fact]
    [ContractLine("T4")]
    public async Task Unknown_fields_are_ignored_on_base_endpoints_and_refused_on_added_ones()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal(201, (await api.SendAsync("POST", "/sandboxes", """{"wish":1}""", token)).Status);
        Answer fork = await api.SendAsync("POST", $"/sandboxes/{sandbox}/fork", """{"wish":1}""", token);

        Assert.Equal("wish", fork.Is(400, "unknown_field").Detail("field"));
    }

    [Theory]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("nonsense")]
    public async Task Content_Type_is_not_looked_at(string type)
    {
        await using TestApi api = await TestApi.StartAsync();
        using HttpRequestMessage request = new(HttpMethod.Post, "/sandboxes")
        {
            Content = new StringContent($$"""{"session_token":"{{api.Token()}}"}"""),
        };
        request.Content.Headers.Remove("Content-Type");
        request.Content.Headers.TryAddWithoutValidation("Content-Type", type);

        Assert.Equal(201, (await api.SendAsync(request)).Status);
    }

    [Fact]
    [ContractLine("T6")]
    public async Task The_token_is_taken_from_body_header_and_query_in_that_order_and_blank_ones_are_skipped()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string path = $"/sandboxes/{sandbox}";
        const string bad = "nonsense";

        Assert.Equal(200, (await api.SendAsync("GET", $"{path}?session_token={bad}", $$"""{"session_token":" {{token}} "}""", bad)).Status);
        Assert.Equal(200, (await api.SendAsync("GET", $"{path}?session_token={bad}", """{"session_token":" "}""", token)).Status);
        Assert.Equal(200, (await api.SendAsync("GET", $"{path}?session_token={token}", null, " ")).Status);
        Assert.Equal(200, (await api.SendAsync("GET", $"{path}?session_token=&session_token=x&a=b", null, token)).Status);
        (await api.SendAsync("GET", $"{path}?session_token={token}", null, bad)).Is(401, "unauthenticated");
        (await api.SendAsync("GET", $"{path}?session_token={token}", """{"session_token":"x"}""")).Is(401, "unauthenticated");
        (await api.SendAsync("GET", $"{path}?session_token=%20", """{"session_token":""}""", " ")).Is(400, "session_token_required");
    }

    [Theory]
    [InlineData("abc-123._X", true)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    [InlineData("", false)]
    [ContractLine("T8")]
    public async Task A_well_formed_request_id_is_echoed_and_another_is_replaced(string sent, bool echoed)
    {
        await using TestApi api = await TestApi.StartAsync();

        Answer fine = await api.SendAsync("GET", "/healthz", null, null, ("X-Request-Id", sent));
        Answer error = await api.SendAsync("GET", "/nowhere", null, null, ("X-Request-Id", sent));

        foreach (Answer answer in new[] { fine, error })
        {
            Assert.Equal(echoed, answer.Headers["X-Request-Id"] == sent);
            Assert.Matches(echoed ? "^" + sent + "$" : "^req_[0-9a-f]{12}$", answer.Headers["X-Request-Id"]);
        }

        Assert.Equal(error.Headers["X-Request-Id"], error.Text("request_id"));
        Assert.Equal(128, (await api.SendAsync("GET", "/healthz", null, null, ("X-Request-Id", new string('a', 128)))).Headers["X-Request-Id"].Length);
        Assert.Equal(16, (await api.SendAsync("GET", "/healthz", null, null, ("X-Request-Id", new string('a', 129)))).Headers["X-Request-Id"].Length);
    }

    [Fact]
    public async Task Something_unforeseen_is_500_with_a_text_that_says_nothing_and_a_log_line_that_says_all()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Break = new InvalidOperationException("secret of /var/lib/sleigh");

        Answer answer = await api.SendAsync("POST", "/sandboxes", "{}", token, ("X-Request-Id", "look-here"));

        answer.Is(500, "internal", "internal error; the daemon log has the cause under this request id");
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
        Assert.Contains(api.Log.Lines, l => l.Contains("look-here", StringComparison.Ordinal) && l.Contains("secret of", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_record_that_has_no_room_on_the_disk_is_507_and_no_fault_of_ours()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sl-");
        using (SqliteDatabase database = SqliteDatabase.Open(Path.Combine(folder.FullName, "db"), ["CREATE TABLE t (a BLOB);"]))
        {
            api.Sandboxes.Break = Assert.Throws<SqliteException>(() => database.Write(db =>
            {
                using SqliteStatement bound = db.Prepare("PRAGMA max_page_count = 10");
                bound.Step();
                using SqliteStatement insert = db.Prepare("INSERT INTO t VALUES (zeroblob(1000000))");
                insert.Run();
            }));
        }

        folder.Delete(recursive: true);
        (await api.SendAsync("POST", "/sandboxes", "{}", token)).Is(
            507, "disk_full", "the disk of the data directory is full: what was asked for could not be recorded");
    }

    [Fact]
    public async Task The_cause_of_a_failure_is_logged_and_not_told()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Fail = new RuntimeException(ErrorKind.EngineUnavailable, "the container engine does not answer", new IOException("dial /run/x.sock"));

        Answer answer = (await api.SendAsync("POST", "/sandboxes", "{}", token)).Is(503, "engine_unavailable");

        Assert.DoesNotContain("/run", answer.Body, StringComparison.Ordinal);
        Assert.Contains(api.Log.Lines, l => l.Contains("dial /run/x.sock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task From_the_start_of_shutdown_all_but_healthz_is_503()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Host.IsStopping = true;

        (await api.SendAsync("GET", "/sandboxes", null, token)).Is(503, "shutting_down");
        (await api.SendAsync("POST", "/sessions/token")).Is(503, "shutting_down");
        (await api.SendAsync("GET", "/readyz")).Is(503, "shutting_down");
        (await api.SendAsync("GET", "/nowhere")).Is(404, "route_not_found");
        Assert.Equal(200, (await api.SendAsync("GET", "/healthz")).Status);
    }

    [Fact]
    public async Task A_wait_that_shutdown_breaks_off_is_503()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();
        api.Sandboxes.Gate = new TaskCompletionSource();
        Task<Answer> pending = api.SendAsync("POST", "/sandboxes", "{}", token);
        await Task.Delay(50);
        api.Host.IsStopping = true;
        api.Sandboxes.Gate.SetException(new OperationCanceledException());

        (await pending).Is(503, "shutting_down");
    }

    [Fact]
    public async Task Readyz_tells_which_check_failed()
    {
        await using TestApi api = await TestApi.StartAsync();
        Assert.Equal(
            """{"status":"ready","checks":[{"name":"containerd","ok":true},{"name":"cgroup","ok":true},{"name":"storage","ok":true},{"name":"database","ok":true}]}""",
            (await api.SendAsync("GET", "/readyz")).Body);
        api.Host.Checks[0] = new HealthCheck("containerd", false, "does not answer");

        Answer answer = (await api.SendAsync("GET", "/readyz")).Is(503, "not_ready", "not ready: containerd");

        Assert.Equal(["error", "code", "checks", "request_id"], answer.Names);
        Assert.Contains("""{"name":"containerd","ok":false,"message":"does not answer"}""", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_holds_no_token_and_no_line_of_the_callers_own()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        await api.SendAsync("GET", $"/sandboxes/{sandbox}?session_token={token}", null, null, ("X-Request-Id", token));
        await api.SendAsync("GET", $"/sessions/{token}", null, token);
        await api.SendAsync("GET", $"/sessions/{token.Replace("_", "%5F", StringComparison.Ordinal)}", null, token);
        await api.SendAsync("GET", "/x%0Aforged%20line", null, token);

        Assert.DoesNotContain(api.Log.Lines, l => l.Contains(token[5..], StringComparison.Ordinal));
        Assert.Contains(api.Log.Lines, l => l.Contains("GET /sessions/sess_*** 200", StringComparison.Ordinal));
        Assert.DoesNotContain(api.Log.Lines, l => l.Contains('\n', StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_key_tokens_are_issued_to_loopback_only_and_forwarding_headers_say_nothing()
    {
        await using TestApi api = await TestApi.StartAsync();
        Assert.Equal(201, (await api.SendAsync("POST", "/sessions/token", "any body {")).Status);
        api.Peer = IPAddress.Parse("::ffff:127.0.0.9");
        Assert.Equal(201, (await api.SendAsync("POST", "/sessions/token")).Status);
        api.Peer = IPAddress.Parse("192.0.2.7");
        (await api.SendAsync("POST", "/sessions/token", null, null, ("X-Forwarded-For", "127.0.0.1"), ("Forwarded", "for=127.0.0.1")))
            .Is(403, "admin_loopback_only");
        api.Peer = null;
        (await api.SendAsync("POST", "/sessions/token")).Is(403, "admin_loopback_only");
    }

    [Fact]
    public async Task With_a_key_tokens_need_it_and_session_calls_do_not()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "k3y" } });

        foreach (string? sent in new[] { null, "Bearer", "Bearer ", "Bearer k3", "Bearer k3y2", "Basic k3y", "k3y" })
        {
            Answer refused = await api.SendAsync("POST", "/sessions/token", null, null, sent is null ? [] : [("Authorization", sent)]);
            Assert.Equal("Bearer", refused.Is(401, "api_key_required").Headers["WWW-Authenticate"]);
        }

        api.Peer = IPAddress.Parse("192.0.2.7");
        Answer issued = await api.SendAsync("POST", "/sessions/token", null, null, ("Authorization", "bearer k3y"), ("Host", "sleigh.example"));
        Assert.Equal(201, issued.Status);
        Assert.Equal(200, (await api.SendAsync("GET", "/sandboxes", null, issued.Text("session_token"))).Status);
        (await api.SendAsync("GET", "/sandboxes", null, null, ("Authorization", "Bearer k3y"))).Is(400, "session_token_required");
    }

    [Fact]
    public async Task The_administrators_socket_refuses_other_users_with_403()
    {
        await using TestApi api = await TestApi.StartAsync();
        (api.Socket, api.AnyCode) = (false, true);

        (await api.SendAsync("GET", "/healthz")).Is(403, "forbidden", "forbidden: this user may not use the administrator's socket");
    }

    [Fact]
    public async Task Over_the_administrators_socket_neither_Host_nor_api_key_matter()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "k3y" } });
        api.Socket = true;

        Assert.Equal(201, (await api.SendAsync("POST", "/sessions/token", null, null, ("Host", "anything"))).Status);
        (await api.SendAsync("GET", "/sandboxes", null, "sess_unknown")).Is(401, "unauthenticated");
    }

    [Fact]
    public async Task An_allowed_origin_gets_CORS_headers_and_no_other_does()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { AllowedOrigins = ["https://desk.example"] } });

        Answer allowed = await api.SendAsync("GET", "/healthz", null, null, ("Origin", "https://desk.example"));
        Answer own = await api.SendAsync("GET", "/healthz", null, null, ("Origin", "http://localhost"));
        Answer asked = await api.SendAsync(
            "OPTIONS", "/sandboxes", null, null, ("Origin", "https://desk.example"), ("Access-Control-Request-Method", "POST"));

        Assert.Equal("https://desk.example", allowed.Headers["Access-Control-Allow-Origin"]);
        Assert.Equal("Origin", allowed.Headers["Vary"]);
        Assert.DoesNotContain("Access-Control-Allow-Origin", own.Headers.Keys);
        Assert.Equal(204, asked.Status);
        Assert.Equal("POST, GET, HEAD", asked.Headers["Access-Control-Allow-Methods"]);
        (await api.SendAsync("GET", "/healthz", null, null, ("Origin", "https://desk.example:8443"))).Is(403, "host_not_allowed");
    }
}
