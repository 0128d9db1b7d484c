using System.Text.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>The administrator's socket.</summary>
public sealed class AdminTests
{
    [Theory]
    [InlineData("GET", "/admin/sessions")]
    [InlineData("GET", "/admin/sandboxes")]
    [InlineData("GET", "/admin/images")]
    [InlineData("DELETE", "/admin/images?name=base")]
    [InlineData("POST", "/admin/images/import")]
    [InlineData("POST", "/admin/images/bootstrap")]
    [InlineData("POST", "/admin/images/pull")]
    [InlineData("POST", "/admin/images/prune")]
    [InlineData("POST", "/admin/snapshots/snap_00000000ffff/image")]
    [InlineData("GET", "/admin/status")]
    [InlineData("GET", "/admin/storage")]
    [InlineData("POST", "/admin/storage/grow")]
    [InlineData("POST", "/admin/storage/scrub")]
    [InlineData("GET", "/admin/doctor")]
    [InlineData("GET", "/admin/events")]
    [InlineData("GET", "/admin/sandboxes/sbx_00000000abcd")]
    [InlineData("GET", "/admin/execs")]
    [InlineData("GET", "/admin/top")]
    [InlineData("GET", "/admin/config")]
    [InlineData("POST", "/admin/config/reload")]
    [InlineData("GET", "/admin/pool")]
    public async Task Over_TCP_these_paths_do_not_exist_whatever_is_sent(string method, string path)
    {
        await using TestApi api = await TestApi.StartAsync(o => o with { Http = o.Http with { ApiKey = "k" } });

        (await api.SendAsync(method, path, null, api.Token(), ("Authorization", "Bearer k"))).Is(404, "route_not_found");
        (await api.SendAsync("PATCH", path)).Is(404, "route_not_found");
    }

    [Fact]
    public async Task Without_a_token_a_create_is_the_administrators_and_every_sandbox_may_be_used()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Socket = true;

        Answer made = await api.SendAsync("POST", "/sandboxes", "{}");
        Answer ran = await api.SendAsync("POST", $"/sandboxes/{sandbox}/exec", """{"argv":["id"],"wait":true}""");
        Answer own = await api.SendAsync("GET", "/sandboxes");
        Answer all = await api.SendAsync("GET", "/admin/sandboxes");
        Answer asOwner = await api.SendAsync("GET", "/sandboxes", null, token);

        Assert.Equal("sid_000000000000", made.Text("session_id"));
        Assert.Equal("succeeded", ran.Text("status"));
        Assert.Equal([made.Text("sandbox_id")], Ids(own));
        Assert.Equal(new[] { sandbox, made.Text("sandbox_id") }.Order(StringComparer.Ordinal), Ids(all).Order(StringComparer.Ordinal));
        Assert.Equal([sandbox], Ids(asOwner));
        (await api.SendAsync("GET", $"/sandboxes/{made.Text("sandbox_id")}", null, token)).Is(403, "forbidden");
    }

    [Fact]
    public async Task Sessions_are_listed_without_tokens()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, _) = await api.SandboxAsync();
        SessionId session = api.Sessions.Authenticate(token)!.Id;
        api.Socket = true;

        Answer list = await api.SendAsync("GET", "/admin/sessions");
        Answer one = await api.SendAsync("GET", $"/sessions/{session}");

        Assert.Equal(2, list.Root.GetProperty("items").GetArrayLength());
        Assert.DoesNotContain("sess_", list.Body, StringComparison.Ordinal);
        Assert.Equal(list.Root.GetProperty("items")[1].GetRawText(), one.Body);
        Assert.Equal(1, one.Root.GetProperty("sandboxes").GetInt32());
        (await api.SendAsync("GET", "/sessions/sid_00000000ffff")).Is(403, "forbidden");
    }

    [Fact]
    public async Task Status_and_doctor()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Assert.Equal(
            """{"version":"0.1.0","started_at":"2026-01-05T08:00:00.000Z","containerd_mode":"embedded","containerd_version":"1.6.20","storage_driver":"btrfs","storage_total_bytes":1000,"storage_free_bytes":900,"cgroup_mode":"hybrid","growth_unavailable":"no v2 memory controller","sandboxes":{"running":2},"running_execs":1,"parked_slots":3,"parked_slots_target":4,"configuration":{"loaded_at":"1970-01-01T00:00:00.000Z","restart_needed":[]}}""",
            (await api.SendAsync("GET", "/admin/status")).Body);
        Assert.Equal(
            """{"items":[{"name":"overlay","result":"ok","seen":"overlay is there"},{"name":"btrfs","result":"warn","seen":"no btrfs","remedy":"modprobe btrfs"}]}""",
            (await api.SendAsync("GET", "/admin/doctor")).Body);
    }

    [Fact]
    public async Task Images_are_imported_listed_and_removed()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Answer imported = await api.SendAsync("POST", "/admin/images/import?name=reg.example%2Fapp%3A1", "tar bytes");
        Answer list = await api.SendAsync("GET", "/admin/images");

        Assert.Equal(201, imported.Status);
        Assert.Equal(
            """{"items":[{"name":"reg.example/app:1","digest":"sha256:00","size_bytes":1234,"created":"2026-01-05T09:00:00.120Z","in_use":false}]}""", list.Body);
        Assert.Equal(list.Body, imported.Body);
        Assert.Equal(204, (await api.SendAsync("DELETE", "/admin/images?name=reg.example/app:1")).Status);
        (await api.SendAsync("DELETE", "/admin/images?name=reg.example/app:1")).Is(404, "not_found");
        (await api.SendAsync("DELETE", "/admin/images")).Is(400, "bad_request", "bad request: name is required");
        (await api.SendAsync("DELETE", "/admin/images?name=-x")).Is(400, "invalid_argument", "bad request: name is not an image name");
        (await api.SendAsync("POST", "/admin/images/import?name=A%20b", "x")).Is(400, "invalid_argument");
        (await api.SendAsync("POST", "/admin/images/import")).Is(400, "empty_body");
        api.Images.Fail = new RuntimeException(ErrorKind.InvalidImage, "the archive is cut off");
        (await api.SendAsync("POST", "/admin/images/import", "x")).Is(400, "invalid_image", "the archive is cut off");
        api.Images.Fail = new RuntimeException(ErrorKind.ImageInUse, "3 sandboxes stand on the image base");
        (await api.SendAsync("DELETE", "/admin/images?name=base")).Is(409, "image_in_use");
    }

    [Fact]
    public async Task A_bootstrap_streams_its_progress_line_by_line()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Answer answer = await api.SendAsync("POST", "/admin/images/bootstrap", """{"name":"py","suite":"bookworm","include":["python3","libc6:amd64"]}""");

        Assert.Equal(200, answer.Status);
        Assert.Equal("application/x-ndjson; charset=utf-8", answer.Headers["Content-Type"]);
        Assert.Equal(
            """
            {"progress":"fetching"}
            {"progress":"unpacking"}
            {"image":{"name":"py","digest":"sha256:00","size_bytes":1234,"created":"2026-01-05T09:00:00.120Z","in_use":false}}

            """.ReplaceLineEndings("\n"),
            answer.Body);
    }

    [Fact]
    public async Task A_bootstrap_that_fails_later_ends_with_the_error_as_last_line()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;
        api.Images.Fail = new RuntimeException(ErrorKind.ImagePullFailed, "mmdebstrap ended with status 25");

        Answer answer = await api.SendAsync("POST", "/admin/images/bootstrap", """{"name":"py","suite":"bookworm"}""", null, ("X-Request-Id", "r"));

        string last = answer.Body.TrimEnd('\n').Split('\n')[^1];
        Assert.Equal("""{"error":"mmdebstrap ended with status 25","code":"image_pull_failed","request_id":"r"}""", last);
    }

    [Fact]
    public async Task A_bootstrap_that_fails_at_once_is_an_ordinary_error()
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;
        api.Images.Progress = [];
        Assert.StartsWith("""{"image":""", (await api.SendAsync("POST", "/admin/images/bootstrap", """{"name":"py","suite":"bookworm"}""")).Body, StringComparison.Ordinal);
        api.Images.Fail = new RuntimeException(ErrorKind.UnsupportedOnHost, "mmdebstrap is not installed");

        (await api.SendAsync("POST", "/admin/images/bootstrap", """{"name":"py","suite":"bookworm"}""")).Is(400, "unsupported_on_host");
    }

    [Theory]
    [InlineData("""{}""", "bad_request", "name")]
    [InlineData("""{"name":"A b","suite":"x"}""", "invalid_argument", "name")]
    [InlineData("""{"name":"py"}""", "bad_request", "suite")]
    [InlineData("""{"name":"py","suite":"--help"}""", "invalid_argument", "suite")]
    [InlineData("""{"name":"py","suite":"bookworm","include":["--x"]}""", "invalid_argument", "include")]
    [InlineData("""{"name":"py","suite":"bookworm","include":["a,b"]}""", "invalid_argument", "include")]
    [InlineData("""{"name":"py","suite":"bookworm","include":"a"}""", "invalid_json", "include")]
    [InlineData("""{"name":"py","suite":"bookworm","mirror":"x"}""", "unknown_field", "mirror")]
    public async Task A_bad_bootstrap_is_400_with_its_field(string body, string code, string field)
    {
        await using TestApi api = await TestApi.StartAsync();
        api.Socket = true;

        Assert.Equal(field, (await api.SendAsync("POST", "/admin/images/bootstrap", body)).Is(400, code).Detail("field"));
    }

    private static IEnumerable<string?> Ids(Answer list) =>
        list.Root.GetProperty("items").EnumerateArray().Select((JsonElement s) => s.GetProperty("sandbox_id").GetString());
}
