using System.Text.Json;

namespace Sleigh.Api.Tests;

/// <summary>Endpoints 9 to 11, 35 and 37.</summary>
public sealed class SnapshotTests
{
    [Fact]
    public async Task A_snapshot_needs_no_body_and_keeps_name_and_comment()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer bare = await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots?session_token={token}");
        Answer named = await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", """{"name":"before","comment":"why"}""", token);
        Answer list = await api.SendAsync("GET", $"/sandboxes/{sandbox}/snapshots", null, token);

        Assert.Equal(201, bare.Status);
        Assert.DoesNotContain("name", bare.Names);
        Assert.Equal("before", named.Text("name"));
        Assert.Equal("why", named.Text("comment"));
        Assert.Equal(bare.Text("id"), named.Text("parent_id"));
        Assert.Equal(
            [named.Text("id"), bare.Text("id")],
            list.Root.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData("name", 128)]
    [InlineData("comment", 1024)]
    public async Task Name_and_comment_have_a_length(string field, int most)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Task<Answer> Try(int length) => api.SendAsync(
            "POST", $"/sandboxes/{sandbox}/snapshots",
            JsonSerializer.Serialize(new Dictionary<string, string> { [field] = string.Concat(Enumerable.Repeat("ü", length)) }), token);

        Assert.Equal(201, (await Try(most)).Status);
        (await Try(most + 1)).Is(400, "invalid_argument", $"bad request: {field} may be at most {most} characters long");
    }

    [Fact]
    public async Task A_snapshot_body_that_is_not_JSON_is_400()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", "name=x", token)).Is(400, "invalid_json");
        (await api.SendAsync("POST", $"/sandboxes/{sandbox}/fork", "name=x", token)).Is(400, "invalid_json");
    }

    [Fact]
    public async Task Rollback_to_an_unknown_snapshot_lists_the_known_ones_newest_first()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string path = $"/sandboxes/{sandbox}/rollback";
        (await api.SendAsync("POST", path, """{"snapshot_id":"snap_x"}""", token))
            .Is(404, "snapshot_not_found", "snapshot not found: snap_x; available snapshot ids: none");
        string first = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
        string second = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");

        Answer answer = await api.SendAsync("POST", path, """{"snapshot_id":" snap_x "}""", token);

        answer.Is(404, "snapshot_not_found", $"snapshot not found: snap_x; available snapshot ids: {second}, {first}");
        Assert.Equal($"[\"{second}\",\"{first}\"]", answer.Detail("available_snapshot_ids"));
        (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}/snapshots/snap_x", null, token))
            .Is(404, "snapshot_not_found", $"snapshot not found: snap_x; available snapshot ids: {second}, {first}");
        (await api.SendAsync("POST", $"/sandboxes/{sandbox}/fork", """{"snapshot_id":"snap_x"}""", token))
            .Is(404, "snapshot_not_found", $"snapshot not found: snap_x; available snapshot ids: {second}, {first}");
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"snapshot_id":""}""")]
    [InlineData("""{"snapshot_id":null}""")]
    public async Task Rollback_needs_a_snapshot(string body)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{sandbox}/rollback", body, token);

        Assert.Equal("snapshot_id", answer.Is(400, "bad_request", "bad request: snapshot_id is required").Detail("field"));
    }

    [Fact]
    public async Task Growth_after_a_rollback_is_answered_with_the_reason_why_not()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");

        Answer asked = await api.SendAsync("POST", $"/sandboxes/{sandbox}/rollback", $$"""{"snapshot_id":"{{id}}","auto_expand":true}""", token);
        Answer not = await api.SendAsync("POST", $"/sandboxes/{sandbox}/rollback", $$"""{"snapshot_id":"{{id}}","auto_expand":false}""", token);

        Assert.Equal(
            """{"triggered":false,"reason":"memory growth is not available in this version","ceiling_mb":57600}""",
            asked.Root.GetProperty("memory_growth").GetRawText());
        Assert.DoesNotContain("memory_growth", not.Names);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("65")]
    [InlineData("99999999999999999999")]
    public async Task A_fork_count_out_of_range_is_400(string count)
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{sandbox}/fork", $$"""{"count":{{count}}}""", token);

        Assert.Equal("count", answer.Is(400, "invalid_argument", "bad request: count must be 1 to 64").Detail("field"));
    }

    [Fact]
    public async Task A_fork_of_the_live_state_leaves_a_snapshot_named_fork()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        Answer forked = await api.SendAsync("POST", $"/sandboxes/{sandbox}/fork", """{"count":3}""", token);
        Answer snapshots = await api.SendAsync("GET", $"/sandboxes/{sandbox}/snapshots", null, token);

        Assert.Equal(201, forked.Status);
        Assert.Equal(["snapshot_id", "items"], forked.Names);
        Assert.Equal(3, forked.Root.GetProperty("items").GetArrayLength());
        JsonElement snapshot = Assert.Single(snapshots.Root.GetProperty("items").EnumerateArray());
        Assert.Equal(("fork", forked.Text("snapshot_id")), (snapshot.GetProperty("name").GetString(), snapshot.GetProperty("id").GetString()));
    }

    [Fact]
    public async Task A_deleted_snapshot_is_gone()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");

        Assert.Equal(204, (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}/snapshots/{id}?session_token={token}")).Status);
        (await api.SendAsync("DELETE", $"/sandboxes/{sandbox}/snapshots/{id}", null, token)).Is(404, "snapshot_not_found");
    }
}
