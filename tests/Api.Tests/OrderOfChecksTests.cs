using System.Text;
using Sleigh.Runtime;
using Sleigh.TestSupport;

namespace Sleigh.Api.Tests;

/// <summary>
/// Section 1.5 of the contract as a table: every endpoint is called with a request that is wrong in one way and in all the ways that are
/// checked later; the earlier fault must be the one that is answered.
/// </summary>
public sealed class OrderOfChecksTests
{
    private const string Other = "sbx_00000000ffff";
    private const string BadToken = "sess_ffffffffffffffffffffffffffffffff";

    // {S} is the sandbox, {E} an exec of it, {P} a snapshot of it, {M} no mount of it, {I} the session.
    private static readonly Row[] Rows =
    [
        new("POST", "/sandboxes") { WrongType = """{"labels":{"a":1}}""", WrongValue = """{"cpus":-1,"snapshot_id":"x"}""", Field = "cpus", Named = """{"snapshot_id":"snap_00000000ffff"}""", Idempotent = true },
        new("GET", "/sandboxes"),
        new("GET", "/sandboxes/{S}"),
        new("DELETE", "/sandboxes/{S}") { Conflict = "{}" },
        new("PUT", "/sandboxes/{S}/secrets") { Unknown = """{"extra":1}""", WrongType = """{"secrets":1}""", WrongValue = """{"secrets":{"1":"x"}}""", Field = "secrets", Conflict = """{"secrets":{}}""" },
        new("POST", "/sandboxes/{S}/snapshots") { EmptyIsFine = true, WrongType = """{"name":1}""", WrongValue = $$"""{"name":"{{new string('n', 129)}}"}""", Field = "name", Conflict = "{}", Idempotent = true },
        new("GET", "/sandboxes/{S}/snapshots"),
        new("DELETE", "/sandboxes/{S}/snapshots/{P}") { Unknown = """{"extra":1}""", Conflict = "{}" },
        new("GET", "/sandboxes/{S}/snapshots/{P}/diff") { Unknown = """{"extra":1}""", WrongQuery = "limit=0&to=x", Field = "limit" },
        new("POST", "/sandboxes/{S}/snapshots/{P}/restore") { WrongType = """{"paths":"/a"}""", WrongValue = """{"paths":["a"]}""", Field = "paths[0]" },
        new("GET", "/sandboxes/{S}/snapshots/{P}/export") { Unknown = """{"extra":1}""", WrongQuery = "format=zip", Field = "format" },
        new("POST", "/sandboxes/{S}/rollback") { WrongType = """{"auto_expand":"yes"}""", WrongValue = """{"snapshot_id":" "}""", Field = "snapshot_id", Named = """{"snapshot_id":"snap_00000000ffff"}""", Conflict = """{"snapshot_id":"{P}"}""" },
        new("POST", "/sandboxes/{S}/undo") { EmptyIsFine = true, WrongType = """{"steps":"2","extra":1}""", Unknown = """{"extra":1,"steps":0}""", WrongValue = """{"steps":0}""", Field = "steps", Conflict = "{}" },
        new("POST", "/sandboxes/{S}/snapshots/{P}/keep") { WrongType = """{"keep":1,"extra":1}""", Unknown = """{"extra":1}""", WrongValue = "{}", Field = "keep", WrongCode = "bad_request", Conflict = """{"keep":true}""" },
        new("POST", "/sandboxes/{S}/fork") { EmptyIsFine = true, WrongType = """{"count":"2","extra":1}""", Unknown = """{"extra":1,"count":0}""", WrongValue = """{"count":0,"snapshot_id":"x"}""", Field = "count", Named = """{"snapshot_id":"snap_00000000ffff"}""", Conflict = "{}", Idempotent = true },
        new("GET", "/sandboxes/{S}/network") { Unknown = """{"extra":1}""" },
        new("PUT", "/sandboxes/{S}/network") { WrongType = """{"mode":1,"extra":1}""", Unknown = """{"extra":1,"mode":"x"}""", WrongValue = """{"mode":"x"}""", Field = "mode" },
        new("GET", "/sandboxes/{S}/memory/pressure"),
        new("POST", "/sandboxes/{S}/memory/expand") { WrongType = """{"target_mb":"512"}""", WrongValue = """{"target_mb":0}""", Field = "target_mb" },
        new("POST", "/sandboxes/{S}/exec") { WrongType = """{"command":"true","env":[]}""", WrongValue = """{"command":"true","cwd":"tmp"}""", Field = "cwd", Idempotent = true },
        new("GET", "/sandboxes/{S}/exec/{E}"),
        new("POST", "/sandboxes/{S}/exec/{E}/cancel") { EmptyIsFine = true, Lenient = true },
        new("GET", "/sandboxes/{S}/exec/{E}/output") { Unknown = """{"extra":1}""", WrongQuery = "limit=0", Field = "limit" },
        new("GET", "/sandboxes/{S}/exec/{E}/stream") { Unknown = """{"extra":1}""", WrongQuery = "stdout_offset=x", Field = "stdout_offset" },
        new("GET", "/sandboxes/{S}/exec/{E}/attach") { Unknown = """{"extra":1}""", WrongQuery = "stderr_offset=x", Field = "stderr_offset" },
        new("POST", "/sandboxes/{S}/ops/read") { WrongType = """{"args":"x"}""", WrongValue = """{"command":"cat","args":["a\u0000"]}""", Field = "args" },
        new("POST", "/workflow/run") { WrongType = """{"steps":[{"action":1}]}""", WrongValue = """{"steps":[]}""", Field = "steps" },
        new("GET", "/sandboxes/{S}/files/stat") { Unknown = """{"extra":1}""", WrongQuery = "path=x", Field = "path" },
        new("GET", "/sandboxes/{S}/files/archive") { Unknown = """{"extra":1}""", WrongQuery = "path=x", Field = "path" },
        new("PUT", "/sandboxes/{S}/files/archive") { Streamed = true, WrongQuery = "path=x", Field = "path" },
        new("GET", "/sandboxes/{S}/files") { Unknown = """{"extra":1}""", WrongQuery = "path=x", Field = "path" },
        new("PUT", "/sandboxes/{S}/files") { Streamed = true, WrongQuery = "path=x", Field = "path" },
        new("DELETE", "/sandboxes/{S}/files") { Unknown = """{"extra":1}""", WrongQuery = "path=x", Field = "path" },
        new("GET", "/sandboxes/{S}/files/list") { Unknown = """{"extra":1}""", WrongQuery = "path=x", Field = "path" },
        new("POST", "/webhooks/exec/subscribe") { WrongType = """{"exec_id":1}""", WrongValue = """{"exec_id":"e","webhook_url":"u"}""", Field = "sandbox_id" },
        new("POST", "/sandboxes/{S}/ops/code/write") { WrongType = """{"sandbox_path":"/a","content":1}""", WrongValue = """{"sandbox_path":"/a","write_mode":"x","build_language":"y"}""", Field = "write_mode" },
        new("GET", "/sandboxes/{S}/mounts"),
        new("POST", "/sandboxes/{S}/mounts") { WrongType = """{"mode":1}""", WrongValue = """{"workspace_path":"a","container_path":"/a","mode":"x"}""", Field = "mode" },
        new("DELETE", "/sandboxes/{S}/mounts/{M}"),
        new("GET", "/sandboxes/{S}/ports") { Unknown = """{"extra":1}""" },
        new("GET", "/sandboxes/{S}/ports/8080") { Unknown = """{"extra":1}""", WrongQuery = "wait=x", Field = "wait" },
        new("PUT", "/sandboxes/{S}/ports/99999") { EmptyIsFine = true, WrongType = """{"listen":1}""", Unknown = """{"extra":1}""", WrongValue = "{}", Field = "port" },
        new("DELETE", "/sandboxes/{S}/ports/99999") { Unknown = """{"extra":1}""", WrongValue = "{}", Field = "port" },
        new("POST", "/sandboxes/{S}/links") { WrongType = """{"port":"8080"}""", Unknown = """{"extra":1}""", WrongValue = """{"port":0}""", Field = "port" },
        new("GET", "/mounts/workspaces"),
        new("GET", "/environments/workspaces"),
        new("POST", "/sandboxes/{S}/environment/copy") { WrongType = """{"sandbox_path":1}""", WrongValue = """{"environment_path":" ","sandbox_path":"/a"}""", Field = "environment_path", WrongCode = "bad_request" },
        new("GET", "/sessions/{I}") { Unknown = """{"extra":1}""" },
        new("DELETE", "/sessions/{I}") { Unknown = """{"extra":1}""" },
        new("GET", "/sessions/{I}/exec-tasks"),
        new("GET", "/events") { Unknown = """{"extra":1}""", WrongQuery = "last_event_id=x", Field = "last_event_id" },
    ];

    public static TheoryData<string> Endpoints() => [.. Rows.Select(r => r.Name)];

    [Theory]
    [MemberData(nameof(Endpoints))]
    [ContractLine("T7")]
    public async Task The_earlier_fault_is_the_one_that_is_answered(string name)
    {
        Row row = Rows.Single(r => r.Name == name);
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string stranger = api.Token();
        Answer exec = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"true"}""", token);
        Answer snapshot = await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token);
        string session = api.Sessions.Authenticate(token)!.Id.ToString();
        string Fill(string text, string inSandbox) => text.Replace("{S}", inSandbox, StringComparison.Ordinal)
            .Replace("{E}", exec.Text("id"), StringComparison.Ordinal)
            .Replace("{P}", snapshot.Text("id"), StringComparison.Ordinal)
            .Replace("{M}", "mnt_00000000ffff", StringComparison.Ordinal)
            .Replace("{I}", session, StringComparison.Ordinal);
        string path = Fill(row.Path, sandbox);
        string unknown = Fill(row.Path, Other);
        string wrong = row.Unknown ?? row.WrongValue ?? "{}";
        bool hasSandbox = row.Path.Contains("{S}", StringComparison.Ordinal);

        // 1 before 2: a foreign Host on a path that does not exist.
        (await api.SendAsync(row.Method, "/nowhere", "{", null, ("Host", "evil.example"))).Is(403, "host_not_allowed");
        (await api.SendAsync(row.Method, unknown, "{", null, ("Host", "evil.example"))).Is(403, "host_not_allowed");
        (await api.SendAsync(row.Method, unknown, "{", null, ("Origin", "http://evil.example"))).Is(403, "host_not_allowed");

        // 2 before 4: method before body.
        Answer method = (await TooLargeAsync(api, "PATCH", unknown)).Is(405, "method_not_allowed");
        Assert.Contains(row.Method, method.Headers["Allow"].Split(", "));

        // 4 before 5 and 6. A body that is streamed on has no limit here.
        (await TooLargeAsync(api, row.Method, unknown)).Is(row.Streamed ? 400 : 413, row.Streamed ? "session_token_required" : "payload_too_large");

        // 5 before 6: JSON before the token.
        if (row.Method is "POST" or "PUT" && !row.Lenient && !row.Streamed)
        {
            (await api.SendAsync(row.Method, unknown, "{")).Is(400, "invalid_json");
            (await api.SendAsync(row.Method, unknown, """{"session_token":7}""")).Is(400, "invalid_json");
            if (!row.EmptyIsFine)
            {
                (await api.SendAsync(row.Method, unknown, "")).Is(400, "empty_body", "empty request body");
            }
        }
        else
        {
            (await api.SendAsync(row.Method, unknown, "not json")).Is(400, "session_token_required");
        }

        if (row.WrongType is not null)
        {
            (await api.SendAsync(row.Method, unknown, row.WrongType)).Is(400, "invalid_json");
        }

        // 6, then 7, both before 8.
        (await api.SendAsync(row.Method, unknown, wrong)).Is(400, "session_token_required", "bad request: session_token is required");
        (await api.SendAsync(row.Method, unknown, wrong, BadToken)).Is(401, "unauthenticated", "unknown or expired session token");

        // 8, 9, both before 10 and 11.
        if (hasSandbox)
        {
            (await api.SendAsync(row.Method, unknown, wrong, stranger)).Is(404, "not_found", $"resource not found: sandbox {Other}");
            string elsewhere = path.Replace(exec.Text("id"), "exec_00000000ffff", StringComparison.Ordinal);
            (await api.SendAsync(row.Method, elsewhere, wrong, stranger)).Is(403, "forbidden", $"forbidden: {sandbox} belongs to another session");
        }

        // 10 before 11.
        if (row.Path.Contains("{E}", StringComparison.Ordinal))
        {
            string elsewhere = path.Replace(exec.Text("id"), "exec_00000000ffff", StringComparison.Ordinal);
            (await api.SendAsync(row.Method, elsewhere, wrong, token)).Is(404, "not_found", "resource not found: exec exec_00000000ffff");
        }

        // 11: unknown fields before values, values before the key.
        (string, string) badKey = ("Idempotency-Key", new string('k', 256));
        if (row.Unknown is not null)
        {
            Assert.Equal("extra", (await api.SendAsync(row.Method, path, row.Unknown, token, badKey)).Is(400, "unknown_field").Detail("field"));
        }

        if (row.WrongValue is not null || row.WrongQuery is not null)
        {
            Answer bad = await api.SendAsync(row.Method, $"{path}?{row.WrongQuery}", row.WrongValue, token, badKey);
            bad.Is(400, row.WrongCode ?? (row.Field is "snapshot_id" or "sandbox_id" ? "bad_request" : "invalid_argument"));
            Assert.Equal(row.Field, bad.Detail("field"));
        }

        // 12 before 13.
        if (row.Idempotent)
        {
            string fine = row.Named ?? row.Conflict ?? """{"command":"true"}""";
            Assert.Equal("Idempotency-Key", (await api.SendAsync(row.Method, path, fine, token, badKey)).Is(400, "invalid_argument").Detail("field"));
        }

        // 13 before 14, unless the runtime does both.
        if (row.Named is not null)
        {
            (await api.SendAsync(row.Method, path, row.Named, token)).Is(404, "snapshot_not_found");
        }

        // 14.
        if (row.Conflict is not null)
        {
            api.AnyCode = true;
            api.Sandboxes.Fail = new RuntimeException(ErrorKind.SandboxBusy, "another change has held the sandbox for 20 s")
            {
                Details = new Dictionary<string, object> { ["operation"] = "snapshot" },
            };
            Answer busy = await api.SendAsync(row.Method, path, Fill(row.Conflict, sandbox), token);
            Assert.Equal("snapshot", busy.Is(409, "sandbox_busy").Detail("operation"));
        }
    }

    [Fact]
    public async Task Every_endpoint_of_class_session_stands_in_the_table()
    {
        IEnumerable<string> all = Sleigh.Api.Endpoints.AllEndpoints.List()
            .Where(e => e.Access is Routing.AccessClass.Session or Routing.AccessClass.SessionOrKey)
            .Select(e => $"{e.Method} /{string.Join('/', e.Segments)}"
                .Replace("{id}", "{S}", StringComparison.Ordinal)
                .Replace("{execId}", "{E}", StringComparison.Ordinal)
                .Replace("{snapshotId}", "{P}", StringComparison.Ordinal)
                .Replace("{mountId}", "{M}", StringComparison.Ordinal)
                .Replace("{port}", e.Method == "GET" ? "8080" : "99999", StringComparison.Ordinal)
                .Replace("{sessionId}", "{I}", StringComparison.Ordinal));

        Assert.Equal(Rows.Select(r => r.Name).Order(StringComparer.Ordinal), all.Order(StringComparer.Ordinal));
        await Task.CompletedTask;
    }

    private static async Task<Answer> TooLargeAsync(TestApi api, string method, string path)
    {
        using HttpRequestMessage request = new(new HttpMethod(method), path) { Content = new ByteArrayContent(Encoding.UTF8.GetBytes("{")) };
        request.Content.Headers.ContentLength = (16 * 1024 * 1024) + 1;
        return await api.SendAsync(request);
    }

    private sealed record Row(string Method, string Path)
    {
        public string Name => $"{Method} {Path}";

        public string? WrongType { get; init; }

        public string? Unknown { get; init; }

        public string? WrongValue { get; init; }

        public string? WrongQuery { get; init; }

        public string? Field { get; init; }

        public string? WrongCode { get; init; }

        public string? Named { get; init; }

        public string? Conflict { get; init; }

        public bool EmptyIsFine { get; init; }

        public bool Lenient { get; init; }

        public bool Streamed { get; init; }

        public bool Idempotent { get; init; }
    }
}
