using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Sleigh.Api.Endpoints;
using Sleigh.Api.Peers;
using Sleigh.Runtime.Auditing;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Tests;

/// <summary>What stands in the audit log of a call, and what does not.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task Each_change_has_one_line_that_says_who_what_and_how_it_ended()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string session = api.Sessions.Authenticate(token)!.Id.ToString();
        Answer exec = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"hush","env":{"A":"quiet"},"stdin":"low"}""", token, ("X-Request-Id", "mine-1"));
        Answer snapshot = await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", """{"name":"n"}""", token);
        await api.SendAsync("GET", $"/sandboxes/{sandbox}", null, token);

        AuditEntry[] all = api.Audit.Entries;

        Assert.Equal(["create", "exec", "snapshot"], all.Select(e => e.Operation));
        Assert.All(all, e => Assert.Equal((session, "tcp", "done", "127.0.0.1:0"), (e.Session, e.Via, e.Phase, e.Address)));
        Assert.Equal([201, 202, 201], all.Select(e => e.Status));
        Assert.Equal([sandbox], all[0].Targets);
        Assert.Equal([sandbox, exec.Text("id")], all[1].Targets);
        Assert.Equal([sandbox, snapshot.Text("id")], all[2].Targets);
        Assert.Equal(("mine-1", "POST", "/sandboxes/{id}/exec"), (all[1].RequestId, all[1].Method, all[1].Route));
        string text = Encoding.UTF8.GetString([.. all.SelectMany(e => e.ToLine())]);
        Assert.All((string[])["hush", "quiet", "low", token, "sess_"], word => Assert.DoesNotContain(word, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refused_call_has_a_line_with_its_code_and_what_it_was_after()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string _, string sandbox) = await api.SandboxAsync();
        string stranger = api.Token();

        (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}", null, stranger)).Is(403, "forbidden");
        (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}", null, "sess_ffffffffffffffffffffffffffffffff")).Is(401, "unauthenticated");

        AuditEntry[] refused = [.. api.Audit.Entries.Where(e => e.Operation == "delete")];
        Assert.Equal([(403, "forbidden"), (401, "unauthenticated")], refused.Select(e => (e.Status!.Value, e.Code!)));
        Assert.All(refused, e => Assert.Equal([sandbox], e.Targets));
        Assert.Equal((api.Sessions.Authenticate(stranger)!.Id.ToString(), null), (refused[0].Session, refused[1].Session));
    }

    [Fact]
    public async Task Who_is_refused_at_the_socket_or_by_host_and_origin_has_a_line_that_says_who_and_nothing_of_the_request()
    {
        await using TestApi api = await TestApi.StartAsync();
        string path = $"/sandboxes/{(await api.SandboxAsync()).Sandbox}";
        (api.Socket, api.SocketPeer) = (false, new SocketPeer(1001, 1002, []) { Pid = 77 });

        (await api.SendAsync("GET", path)).Is(403, "forbidden");
        (await api.SendAsync("X" + new string('y', 1000), path)).Is(403, "forbidden");
        api.Socket = null;
        (await api.SendAsync("GET", path, null, null, ("Host", "evil.example"))).Is(403, "host_not_allowed");
        (await api.SendAsync("POST", "/sandboxes", "{}", null, ("Origin", "http://evil.example"))).Is(403, "host_not_allowed");

        AuditEntry[] refused = api.Audit.Entries[1..];
        Assert.Equal(
            ["socket 1001 77  forbidden", "socket 1001 77  forbidden", "tcp   127.0.0.1:0 host_not_allowed", "tcp   127.0.0.1:0 host_not_allowed"],
            refused.Select(e => $"{e.Via} {e.Uid} {e.Pid} {e.Address} {e.Code}"));
        Assert.All(refused, e => Assert.Equal(("refuse-caller", 403, null, null, true), (e.Operation, e.Status, e.Method, e.Route, e.IsRefusedStranger)));
        Assert.All(refused, e => Assert.Empty(e.Targets));
    }

    [Fact]
    public async Task A_token_in_the_path_or_as_request_id_does_not_get_into_the_log()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();

        await api.SendAsync("DELETE", $"/sessions/{token}", null, token, ("X-Request-Id", token));

        AuditEntry entry = Assert.Single(api.Audit.Entries);
        Assert.Equal(("end-session", 204, "sess_***"), (entry.Operation, entry.Status, entry.RequestId));
        Assert.DoesNotContain(token, Encoding.UTF8.GetString(entry.ToLine()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_api_key_is_named_by_its_fingerprint_where_it_is_right()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "the-key" } });

        await api.SendAsync("POST", "/sessions/token", null, null, ("Authorization", "Bearer the-key"));
        await api.SendAsync("POST", "/sessions/token", null, null, ("Authorization", "Bearer other"));

        string fingerprint = "sha256:" + Convert.ToHexStringLower(SHA256.HashData("the-key"u8))[..12];
        Assert.Equal([(201, fingerprint), (401, null)], api.Audit.Entries.Select(e => (e.Status!.Value, e.ApiKey)));
        Assert.StartsWith("sid_", Assert.Single(api.Audit.Entries[0].Targets), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forks_and_workflows_name_all_that_they_made()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Answer fork = await api.SendAsync("POST", $"/sandboxes/{sandbox}/fork", """{"count":2}""", token);
        Answer flow = await api.SendAsync(
            "POST", "/workflow/run", """{"steps":[{"action":"create_sandbox"},{"action":"exec_command","command":"true"},{"action":"create_snapshot"}]}""", token);

        string[] forks = [.. fork.Root.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("sandbox_id").GetString()!)];
        JsonElement[] steps = [.. flow.Root.GetProperty("steps").EnumerateArray()];
        Assert.Equal([sandbox, fork.Text("snapshot_id"), .. forks], api.Audit.Entries[1].Targets);
        Assert.Equal(
            [steps[0].GetProperty("sandbox_id").GetString()!, steps[1].GetProperty("exec_id").GetString()!, steps[2].GetProperty("snapshot_id").GetString()!],
            api.Audit.Entries[2].Targets);
    }

    [Fact]
    public async Task The_text_of_commands_is_there_only_where_it_is_asked_for()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Audit = o.Audit with { Commands = true } });
        (string token, string sandbox) = await api.SandboxAsync();

        await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"command":"echo é"}""", token);
        await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"argv":["a","b c"]}""", token);
        await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", $$"""{"command":"{{new string('x', 5000)}}"}""", token);

        AuditEntry[] runs = [.. api.Audit.Entries.Where(e => e.Operation == "exec")];
        Assert.Equal(["echo é", "a b c"], runs[..2].Select(e => Assert.Single(e.Commands)));
        using JsonDocument cut = JsonDocument.Parse(runs[2].ToLine());
        Assert.Equal(new string('x', 4096) + "...", cut.RootElement.GetProperty("commands")[0].GetString());
    }

    [Fact]
    public async Task A_repeated_call_that_was_answered_from_what_is_kept_says_so()
    {
        await using TestApi api = await TestApi.StartAsync();
        string token = api.Token();

        await api.SendAsync("POST", "/sandboxes", "{}", token, ("Idempotency-Key", "k"));
        await api.SendAsync("POST", "/sandboxes", "{}", token, ("Idempotency-Key", "k"));

        Assert.Equal([false, true], api.Audit.Entries.Select(e => e.Replayed));
    }

    [Fact]
    public async Task Where_a_change_needs_a_line_there_is_one_before_it_and_none_means_no_change()
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Audit = o.Audit with { OnFailure = AuditFailure.Refuse } });
        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal([("create", "begun"), ("create", "done")], api.Audit.Entries.Select(e => (e.Operation, e.Phase)));
        api.Audit.IsBroken = true;
        (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}", null, token)).Is(503, "audit_unavailable");
        Assert.Equal(200, (await api.SendAsync("GET", $"/sandboxes/{sandbox}", null, token)).Status);
        api.Audit.IsBroken = false;
        Assert.Equal(204, (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}", null, token)).Status);
        Assert.Equal([("delete", "begun", null), ("delete", "done", 204)], api.Audit.Entries[2..].Select(e => (e.Operation, e.Phase, e.Status)));
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_holds_up_nothing_unless_it_is_asked_to()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Audit.IsBroken = true;

        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal(204, (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}", null, token)).Status);
    }

    [Fact]
    public void Everything_that_changes_something_is_audited_and_of_what_reads_this()
    {
        Assert.All(AllEndpoints.List().Where(e => e.Method != "GET"), e => Assert.True(e.Audited, $"{e.Method} {e.Path}"));
        Assert.Equal(
            [
                "/admin/webhook-secret", "/sandboxes/{id}/exec/{execId}/attach", "/sandboxes/{id}/files", "/sandboxes/{id}/files/archive",
                "/sandboxes/{id}/snapshots/{snapshotId}/diff", "/sandboxes/{id}/snapshots/{snapshotId}/export",
            ],
            AllEndpoints.List().Where(e => e.Method == "GET" && e.Audited).Select(e => e.Path).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Over_a_real_socket_the_kernel_says_who_it_is_and_the_line_is_there_before_the_reply()
    {
        await using KestrelApi api = await KestrelApi.StartAsync();

        string made = await api.RawAsync("POST /sandboxes HTTP/1.1\r\nHost: s\r\nContent-Length: 2\r\n\r\n{}", overUnixSocket: true);
        AuditEntry entry = Assert.Single(api.Parts.Audit.Entries);

        Assert.StartsWith("HTTP/1.1 201 ", made, StringComparison.Ordinal);
        Assert.Equal(("socket", Environment.ProcessId), (entry.Via, entry.Pid));
        Assert.Equal(SocketPeerPolicy.ForThisHost("no-such-group").DaemonUid, entry.Uid);
        Assert.Null(entry.Address);
        Assert.Contains(Assert.Single(entry.Targets), made, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_administrator_reads_the_last_lines_and_chooses_by_id()
    {
        await using TestApi api = await TestApi.StartAsync();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("sl-");
        try
        {
            api.Audit.File = Path.Combine(folder.FullName, "audit.jsonl");
            await File.WriteAllLinesAsync(api.Audit.File, Enumerable.Range(1, 200).Select(n => $$"""{"n":{{n}},"targets":["sbx_{{n % 2:d12}}"]}"""));
            api.Socket = true;

            Answer last = await api.SendAsync("GET", "/admin/audit?lines=2");
            Answer all = await api.SendAsync("GET", "/admin/audit");
            Answer one = await api.SendAsync("GET", "/admin/audit?lines=10000&target=sbx_000000000001");

            Assert.Equal(
                """
                {"n":199,"targets":["sbx_000000000001"]}
                {"n":200,"targets":["sbx_000000000000"]}

                """,
                last.Body);
            Assert.Equal("application/x-ndjson; charset=utf-8", last.Headers["Content-Type"]);
            Assert.Equal((100, 100), (all.Body.Count(c => c == '\n'), one.Body.Count(c => c == '\n')));
            Assert.All(one.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries), l => Assert.Contains("sbx_000000000001", l, StringComparison.Ordinal));
            (await api.SendAsync("GET", "/admin/audit?lines=10001")).Is(400, "invalid_argument", "bad request: lines must be 0 to 10000");
            (await api.SendAsync("GET", "/admin/audit?target=web")).Is(400, "invalid_argument", "bad request: target must be an id, such as sbx_0123456789ab");
            api.Socket = null;
            (await api.SendAsync("GET", "/admin/audit")).Is(404, "route_not_found");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
