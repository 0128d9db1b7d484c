using System.Text.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Tests;

/// <summary>Endpoints 18 to 20. Texts are compared with the contract's, letter by letter.</summary>
public sealed class MountTests
{
    [Fact]
    public async Task A_mount_is_shown_as_the_contract_says_and_listed_and_removed()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer made = await MountAsync(api, token, sandbox, """{"workspace_path":"/genome/../genome","container_path":"/data//x/"}""");
        Answer writable = await MountAsync(api, token, sandbox, """{"workspace_path":".","container_path":"/devel","mode":"rw"}""");
        string id = made.Text("id");
        Assert.Equal(201, made.Status);
        Assert.Matches("^mnt_[0-9a-f]{12}$", id);
        Assert.Equal(
            $$"""{"id":"{{id}}","sandbox_id":"{{sandbox}}","host_path":"/srv/data/genome","container_path":"/data/x","mode":"ro","created":"2026-01-05T09:00:01Z"}""",
            made.Body);
        Assert.Equal(("/srv/data", "/devel", "rw"), (writable.Text("host_path"), writable.Text("container_path"), writable.Text("mode")));

        Answer list = await api.SendAsync("GET", $"/sandboxes/{sandbox}/mounts?session_token={token}");
        Assert.Equal($$"""{"items":[{{made.Body}},{{writable.Body}}]}""", list.Body);

        Answer removed = await api.SendAsync("DELETE", $"/sandboxes/{sandbox}/mounts/{id}?session_token={token}");
        Assert.Equal((204, ""), (removed.Status, removed.Body));
        (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}/mounts/{id}", null, token)).Is(404, "not_found", $"resource not found: mount {id}");
        (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}/mounts/mnt_x", null, token)).Is(404, "not_found", "resource not found: mount mnt_x");
    }

    [Fact]
    public async Task A_sandbox_without_mounts_lists_none_and_one_that_runs_without_a_mount_says_so()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Assert.Equal("""{"items":[]}""", (await api.SendAsync("GET", $"/sandboxes/{sandbox}/mounts", null, token)).Body);

        Answer made = await MountAsync(api, token, sandbox, """{"workspace_path":"a","container_path":"/a"}""");
        api.Mounts.Missing.Add(MountId.Parse(made.Text("id")));
        JsonElement item = (await api.SendAsync("GET", $"/sandboxes/{sandbox}/mounts", null, token)).Root.GetProperty("items")[0];
        Assert.True(item.GetProperty("missing").GetBoolean());
    }

    [Theory]
    [InlineData("""{"container_path":"/d"}""", "bad_request", "workspace_path", "workspace_path is required")]
    [InlineData("""{"workspace_path":" ","container_path":"/d"}""", "bad_request", "workspace_path", "workspace_path is required")]
    [InlineData("""{"workspace_path":"..","container_path":"/d"}""", "path_not_allowed", "workspace_path", "workspace_path cannot escape allowed root")]
    [InlineData("""{"workspace_path":"/a/../../b","container_path":"/d"}""", "path_not_allowed", "workspace_path", "workspace_path cannot escape allowed root")]
    [InlineData("""{"workspace_path":"a\u0000b","container_path":"/d"}""", "path_not_allowed", "workspace_path", "workspace_path cannot escape allowed root")]
    [InlineData("""{"workspace_path":"a"}""", "bad_request", "container_path", "container_path is required")]
    [InlineData("""{"workspace_path":"a","container_path":"\t"}""", "bad_request", "container_path", "container_path is required")]
    [InlineData("""{"workspace_path":"a","container_path":"d"}""", "path_not_allowed", "container_path", "container_path must be an absolute path")]
    [InlineData("""{"workspace_path":"a","container_path":"/"}""", "path_not_allowed", "container_path", "container_path is not mountable")]
    [InlineData("""{"workspace_path":"a","container_path":"/x/.."}""", "path_not_allowed", "container_path", "container_path is not mountable")]
    [InlineData("""{"workspace_path":"a","container_path":"/proc"}""", "path_not_allowed", "container_path", "container_path is not mountable")]
    [InlineData("""{"workspace_path":"a","container_path":"/tmp/../sys/fs"}""", "path_not_allowed", "container_path", "container_path is not mountable")]
    [InlineData("""{"workspace_path":"a","container_path":"//dev/shm"}""", "path_not_allowed", "container_path", "container_path is not mountable")]
    [InlineData("""{"workspace_path":"a","container_path":"/a\u0000"}""", "path_not_allowed", "container_path", "container_path is not mountable")]
    [InlineData("""{"workspace_path":"a","container_path":"/d","mode":"RW"}""", "invalid_argument", "mode", "bad request: mode must be one of: ro, rw")]
    public async Task A_bad_value_is_400_with_its_text(string body, string code, string field, string error)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer refused = await MountAsync(api, token, sandbox, body);
        Assert.Equal(field, refused.Is(400, code, error).Detail("field"));
        Assert.Null(api.Mounts.Asked);
    }

    [Theory]
    [InlineData("/devel")]
    [InlineData("/process/x")]
    [InlineData("/a/proc")]
    [InlineData("/system")]
    public async Task Only_whole_parts_of_a_path_make_it_the_kernels(string path)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Assert.Equal(201, (await MountAsync(api, token, sandbox, $$"""{"workspace_path":"a","container_path":"{{path}}"}""")).Status);
    }

    [Fact]
    public async Task A_path_of_more_than_a_page_is_refused()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string longPath = new('p', 4096);

        (await MountAsync(api, token, sandbox, $$"""{"workspace_path":"{{longPath}}","container_path":"/d"}"""))
            .Is(400, "path_not_allowed", "workspace_path cannot escape allowed root");
        (await MountAsync(api, token, sandbox, $$"""{"workspace_path":"a","container_path":"/{{longPath}}"}"""))
            .Is(400, "path_not_allowed", "container_path is not mountable");
    }

    [Fact]
    public async Task A_snapshot_shows_the_mounts_it_captured()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        api.Sandboxes.Captured = [new CapturedMount("/srv/data/a", "/a", MountMode.ReadOnly), new CapturedMount("/srv/data/b", "/b", MountMode.ReadWrite)];

        Answer taken = await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token);

        Assert.Equal(
            """[{"host_path":"/srv/data/a","container_path":"/a","mode":"ro"},{"host_path":"/srv/data/b","container_path":"/b","mode":"rw"}]""",
            taken.Root.GetProperty("captured").GetProperty("mounts").GetRawText());
    }

    private static Task<Answer> MountAsync(TestApi api, string token, string sandbox, string body) =>
        api.SendAsync("POST", $"/sandboxes/{sandbox}/mounts", body, token);
}
