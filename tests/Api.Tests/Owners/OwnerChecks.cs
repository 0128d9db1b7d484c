namespace Sleigh.Api.Tests.Owners;

/// <summary>Ways in which a stranger tries what is another session's, and the answer that is due.</summary>
internal static class OwnerChecks
{
    /// <summary>Nothing in it belongs to a session: no id of one shows.</summary>
    public static async Task Nobodys(OwnerWorld world, string method, string pattern)
    {
        Answer answer = await world.StrangerAsync(method, $"/{pattern}");
        Assert.True(answer.Status < 500, answer.Body);
        AssertShowsNothing(world, answer);
    }

    /// <summary>The host's own figures, which whoever sits at the host may see: no id shows, and from elsewhere it is refused.</summary>
    public static async Task TheHosts(OwnerWorld world, string method, string pattern)
    {
        AssertShowsNothing(world, await world.StrangerAsync(method, $"/{pattern}"));
        world.Api.Peer = System.Net.IPAddress.Parse("192.0.2.7");
        (await world.StrangerAsync(method, $"/{pattern}")).Is(403, "admin_loopback_only");
        world.Api.Peer = System.Net.IPAddress.Loopback;
    }

    /// <summary>The administrator's: over TCP there is no such path.</summary>
    public static async Task Administrators(OwnerWorld world, string method, string pattern) =>
        (await world.StrangerAsync(method, Fill(pattern, world.Owner, world.Owner))).Is(404, "route_not_found");

    /// <summary>The path names a sandbox: 403 that names it, whatever else is sent.</summary>
    public static async Task Sandbox(OwnerWorld world, string method, string pattern)
    {
        string error = $"forbidden: {world.Owner.Sandbox} belongs to another session";
        (await world.StrangerAsync(method, Fill(pattern, world.Owner, world.Owner))).Is(403, "forbidden", error);
        (await world.StrangerAsync(method, Fill(pattern, world.Owner, world.Stranger))).Is(403, "forbidden", error);
    }

    /// <summary>The path names something in a sandbox: under the stranger's own sandbox it is not there.</summary>
    public static async Task Part(OwnerWorld world, string method, string pattern)
    {
        Answer answer = await world.StrangerAsync(method, Fill(pattern, world.Stranger, world.Owner));
        Assert.True(answer.Status == 404 && answer.Code is "not_found" or "snapshot_not_found", $"{answer.Status} {answer.Body}");
        string asked = pattern.Contains("{execId}", StringComparison.Ordinal) ? world.Owner.Exec
            : pattern.Contains("{mountId}", StringComparison.Ordinal) ? world.Owner.Mount : world.Owner.Snapshot;
        Assert.DoesNotContain(world.Owner.Ids, id => id != asked && answer.Body.Contains(id, StringComparison.Ordinal));
    }

    /// <summary>The path names a session, by its id or its token: 403, and the value is not repeated.</summary>
    public static async Task Session(OwnerWorld world, string method, string pattern)
    {
        foreach (string name in (string[])[world.Owner.Session, world.Owner.Token])
        {
            Answer answer = await world.StrangerAsync(method, $"/{pattern.Replace("{sessionId}", name, StringComparison.Ordinal)}");
            answer.Is(403, "forbidden", "forbidden: the path names another session");
            Assert.DoesNotContain(name, answer.Body, StringComparison.Ordinal);
        }
    }

    /// <summary>A list: what is the stranger's own, and nothing of the owner's.</summary>
    public static async Task OwnList(OwnerWorld world, string method, string pattern)
    {
        Answer answer = await world.StrangerAsync(method, $"/{pattern.Replace("{sessionId}", world.Stranger.Session, StringComparison.Ordinal)}");
        Assert.Equal(200, answer.Status);
        Assert.NotEmpty(answer.Root.GetProperty("items").EnumerateArray());
        AssertShowsNothing(world, answer);
    }

    /// <summary>The same for every session that asks: nothing in it is anybody's.</summary>
    public static async Task Shared(OwnerWorld world, string method, string pattern)
    {
        Answer answer = await world.StrangerAsync(method, $"/{pattern}");
        Assert.Equal((await world.Api.SendAsync(method, $"/{pattern}", null, world.Owner.Token)).Root.ToString(), answer.Root.ToString());
        AssertShowsNothing(world, answer);
        (await world.Api.SendAsync(method, $"/{pattern}")).Is(400, "session_token_required");
    }

    /// <summary>The events of a session: another's sandbox cannot be asked for, and what happens to the owner is not told.</summary>
    public static async Task Events(OwnerWorld world, string method, string pattern)
    {
        (await world.StrangerAsync(method, $"/{pattern}?sandbox_id={world.Owner.Sandbox}"))
            .Is(403, "forbidden", $"forbidden: {world.Owner.Sandbox} belongs to another session");
        Runtime.SessionId owner = Runtime.SessionId.Parse(world.Owner.Session), stranger = Runtime.SessionId.Parse(world.Stranger.Session);
        world.Api.Events.Add(owner, "sandbox.started", Runtime.SandboxId.Parse(world.Owner.Sandbox));
        world.Api.Events.Add(stranger, "sandbox.started", Runtime.SandboxId.Parse(world.Stranger.Sandbox));
        using EventReader reader = await EventReader.OpenAsync(world.Api, $"/{pattern}?last_event_id=0", world.Stranger.Token);
        string told = await reader.NextAsync() ?? "";
        Assert.Contains(world.Stranger.Sandbox, told, StringComparison.Ordinal);
        Assert.DoesNotContain(world.Owner.Ids, id => told.Contains(id, StringComparison.Ordinal));
    }

    /// <summary>A create may name a snapshot: only one of its own session. A name is taken in its own session alone.</summary>
    public static async Task Create(OwnerWorld world, string method, string pattern)
    {
        (await world.StrangerAsync(method, $"/{pattern}", $$"""{"snapshot_id":"{{world.Owner.Snapshot}}"}"""))
            .Is(403, "forbidden", $"forbidden: {world.Owner.Snapshot} belongs to another session");
        string before = world.Holdings();
        Assert.Equal(201, (await world.StrangerAsync(method, $"/{pattern}", """{"name":"shared-name"}""")).Status);
        Assert.Equal(201, (await world.Api.SendAsync(method, $"/{pattern}", """{"name":"shared-name"}""", world.Owner.Token)).Status);
        Assert.Equal(before, world.Holdings());
    }

    /// <summary>The body names a snapshot of the sandbox: one of another's sandbox is not there, and only own ids are told.</summary>
    public static async Task NamedSnapshot(OwnerWorld world, string method, string pattern)
    {
        Answer answer = await world.StrangerAsync(
            method, Fill(pattern, world.Stranger, world.Stranger), $$"""{"snapshot_id":"{{world.Owner.Snapshot}}"}""");
        answer.Is(404, "snapshot_not_found", $"snapshot not found: {world.Owner.Snapshot}; available snapshot ids: {world.Stranger.Snapshot}");
    }

    /// <summary>The body names sandbox and exec.</summary>
    public static async Task NamedExec(OwnerWorld world, string method, string pattern)
    {
        string Body(string sandbox, string exec) => $$"""{"sandbox_id":"{{sandbox}}","exec_id":"{{exec}}","webhook_url":"http://127.0.0.1:9/h"}""";
        (await world.StrangerAsync(method, $"/{pattern}", Body(world.Owner.Sandbox, world.Owner.Exec)))
            .Is(403, "forbidden", $"forbidden: {world.Owner.Sandbox} belongs to another session");
        (await world.StrangerAsync(method, $"/{pattern}", Body(world.Stranger.Sandbox, world.Owner.Exec))).Is(404, "not_found");
    }

    /// <summary>Steps of a workflow name sandboxes and snapshots: each such step fails as its own endpoint would.</summary>
    public static async Task Steps(OwnerWorld world, string method, string pattern)
    {
        string foreign = $"\"sandbox_id\":\"{world.Owner.Sandbox}\"", own = $"\"sandbox_id\":\"{world.Stranger.Sandbox}\"";
        foreach ((string step, string code) in ((string, string)[])
        [
            ($"\"action\":\"exec\",{foreign},\"command\":\"true\"", "forbidden"),
            ($"\"action\":\"snapshot\",{foreign}", "forbidden"),
            ($"\"action\":\"rollback\",{foreign},\"snapshot_id\":\"{world.Owner.Snapshot}\"", "forbidden"),
            ($"\"action\":\"delete\",{foreign}", "forbidden"),
            ($"\"action\":\"rollback\",{own},\"snapshot_id\":\"{world.Owner.Snapshot}\"", "snapshot_not_found"),
            ($"\"action\":\"create\",\"snapshot_id\":\"{world.Owner.Snapshot}\"", "forbidden"),
        ])
        {
            Answer answer = await world.StrangerAsync(method, $"/{pattern}", $$"""{"steps":[{{{step}}}]}""");
            Assert.Equal(200, answer.Status);
            System.Text.Json.JsonElement result = answer.Root.GetProperty("steps")[0];
            Assert.Equal(("failed", code), (result.GetProperty("status").GetString(), result.GetProperty("code").GetString()));
        }
    }

    private static string Fill(string pattern, Party sandbox, Party part) => "/" + pattern
        .Replace("{id}", sandbox.Sandbox, StringComparison.Ordinal)
        .Replace("{execId}", part.Exec, StringComparison.Ordinal)
        .Replace("{snapshotId}", part.Snapshot, StringComparison.Ordinal)
        .Replace("{mountId}", part.Mount, StringComparison.Ordinal)
        .Replace("{port}", "8080", StringComparison.Ordinal)
        .Replace("{delivery}", "whd_000000000001", StringComparison.Ordinal);

    private static void AssertShowsNothing(OwnerWorld world, Answer answer) =>
        Assert.DoesNotContain(world.Owner.Ids, id => answer.Body.Contains(id, StringComparison.Ordinal));
}
