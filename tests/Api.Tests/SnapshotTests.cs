using System.Text.Json;
using Sleigh.TestSupport;

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
    public async Task A_snapshot_that_is_kept_says_so_and_one_that_is_not_says_nothing()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        Answer plain = await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", """{"keep":false}""", token);
        Answer kept = await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", """{"keep":true}""", token);
        string path = $"/sandboxes/{sandbox}/snapshots/{kept.Text("id")}/keep";

        Answer no = await api.SendAsync("POST", path, """{"keep":false}""", token);
        Answer yes = await api.SendAsync("POST", path, """{"keep":true}""", token);

        Assert.True(kept.Root.GetProperty("keep").GetBoolean());
        Assert.DoesNotContain("keep", plain.Names);
        Assert.DoesNotContain("auto", plain.Names);
        Assert.DoesNotContain("keep", no.Names);
        Assert.Equal((200, kept.Text("id"), true), (yes.Status, yes.Text("id"), yes.Root.GetProperty("keep").GetBoolean()));
        (await api.SendAsync("POST", path, "{}", token)).Is(400, "bad_request", "bad request: keep is required");
        (await api.SendAsync("POST", path, """{"keep":"yes"}""", token)).Is(400, "invalid_json", "invalid json: field keep must be true or false");
        (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots/snap_00000000ffff/keep", """{"keep":true}""", token)).Is(404, "snapshot_not_found");
    }

    [Fact]
    public async Task An_undo_answers_as_a_rollback_and_goes_one_step_unless_told()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string path = $"/sandboxes/{sandbox}/undo";
        (await api.SendAsync("POST", path, null, token)).Is(
            409, "nothing_to_undo", $"nothing to undo: sandbox {sandbox} has no snapshot of an earlier state of its files");
        string snapshot = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");

        Answer bare = await api.SendAsync("POST", path, null, token);
        int? one = api.Sandboxes.LastSteps;
        await api.SendAsync("POST", path, """{"steps":100}""", token);

        Assert.Equal((200, snapshot, 1, 100), (bare.Status, bare.Text("rolled_back_to"), one, api.Sandboxes.LastSteps));
        Assert.Equal(1, bare.Root.GetProperty("ended_exec_ids").GetArrayLength());
        foreach (string steps in (string[])["0", "-1", "101", "99999999999999999999"])
        {
            Assert.Equal("steps", (await api.SendAsync("POST", path, $$"""{"steps":{{steps}}}""", token)).Is(400, "invalid_argument").Detail("field"));
        }

        (await api.SendAsync("POST", path, """{"steps":1.5}""", token)).Is(400, "invalid_json");
        (await api.SendAsync("POST", path, """{"snapshot_id":"x"}""", token)).Is(400, "unknown_field");
    }

    [Fact]
    [ContractLine("N3")]
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
    public async Task A_rollback_may_ask_for_one_step_of_growth_behind_it()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");

        Answer not = await api.SendAsync("POST", $"/sandboxes/{sandbox}/rollback", $$"""{"snapshot_id":"{{id}}","auto_expand":false}""", token);
        Assert.Empty(api.Memory.Asked);
        Answer asked = await api.SendAsync("POST", $"/sandboxes/{sandbox}/rollback", $$"""{"snapshot_id":"{{id}}","auto_expand":true}""", token);

        Assert.DoesNotContain("memory_growth", not.Names);
        Assert.Equal([null], api.Memory.Asked);
        Assert.Equal("memory_growth", asked.Names[^1]);
        Assert.Equal(
            """{"triggered":true,"from_mb":256,"to_mb":512,"reason":"memory expanded by one automatic step","ceiling_mb":57600}""",
            asked.Root.GetProperty("memory_growth").GetRawText());
        Assert.Equal(512, asked.Root.GetProperty("memory_limit_mb").GetInt32());
    }

    [Fact]
    public async Task A_growth_that_is_refused_does_not_fail_the_rollback()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();
        string id = (await api.SendAsync("POST", $"/sandboxes/{sandbox}/snapshots", null, token)).Text("id");
        api.Memory.Available = 0.095;

        Answer answer = await api.SendAsync("POST", $"/sandboxes/{sandbox}/rollback", $$"""{"snapshot_id":"{{id}}","auto_expand":true}""", token);

        Assert.Equal(200, answer.Status);
        Assert.Equal(id, answer.Text("rolled_back_to"));
        Assert.Equal(
            """{"triggered":false,"from_mb":256,"to_mb":256,"reason":"host memory available ratio 9.50% is below 10%; memory expand is blocked","ceiling_mb":57600}""",
            answer.Root.GetProperty("memory_growth").GetRawText());
    }

    [Fact]
    public async Task A_rollback_that_fails_asks_for_no_growth()
    {
        await using TestApi api = await TestApi.StartAsync();
        (string token, string sandbox) = await api.SandboxAsync();

        (await api.SendAsync("POST", $"/sandboxes/{sandbox}/rollback", """{"snapshot_id":"snap_00000000ffff","auto_expand":true}""", token)).Is(404, "snapshot_not_found");

        Assert.Empty(api.Memory.Asked);
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
