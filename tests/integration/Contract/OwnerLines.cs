using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>Two sessions with real things: the table over all endpoints is in tests/Api.Tests/Owners.</summary>
[Collection(ContractCollection.Name)]
public sealed class OwnerLines(ContractFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_stranger_neither_sees_nor_touches_what_a_session_has()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        using DaemonClient owner = await DaemonClient.NewSessionAsync(fixture.Daemon);
        using DaemonClient stranger = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string box = await owner.NewAsync(image, JsonFields.Of("name", "the-same"));
        string own = await stranger.NewAsync(image, JsonFields.Of("name", "the-same"));
        await owner.RunAsync(box, "echo secret > /file");
        string snapshot = await owner.SnapshotAsync(box);
        string running = await owner.StartAsync(box, "echo secret; while [ ! -e /stop ]; do sleep 0.05; done; exit 6");
        string strangers = await stranger.SnapshotAsync(own);
        string before = (await owner.GetAsync(box)).ToJsonString();

        foreach ((string method, string path, JsonObject? body) in ((string, string, JsonObject?)[])
        [
            ("GET", "", null), ("DELETE", "", null), ("GET", "/snapshots", null), ("POST", "/snapshots", []), ("DELETE", $"/snapshots/{snapshot}", null),
            ("POST", "/rollback", JsonFields.Of("snapshot_id", snapshot)), ("POST", "/fork", []), ("POST", "/exec", JsonFields.Of("command", "rm /file")),
            ("GET", $"/exec/{running}", null), ("POST", $"/exec/{running}/cancel", null), ("GET", $"/exec/{running}/output", null),
            ("GET", $"/exec/{running}/stream", null), ("GET", "/memory/pressure", null), ("POST", "/memory/expand", JsonFields.Of("target_mb", 512)),
            ("GET", "/files/stat?path=/file", null), ("GET", "/files/archive?path=/file", null), ("PUT", "/files/archive?path=/", []),
        ])
        {
            JsonObject refused = await stranger.SendAsync(method, $"/sandboxes/{box}{path}", body, 403);
            Assert.Equal(("forbidden", $"forbidden: {box} belongs to another session"), ((string?)refused["code"], (string?)refused["error"]));
        }

        // What is in another's sandbox is not in one's own.
        foreach ((string method, string path, JsonObject? body) in ((string, string, JsonObject?)[])
        [
            ("GET", $"/exec/{running}", null), ("POST", $"/exec/{running}/cancel", null), ("GET", $"/exec/{running}/output", null), ("DELETE", $"/snapshots/{snapshot}", null),
            ("POST", "/rollback", JsonFields.Of("snapshot_id", snapshot)), ("POST", "/fork", JsonFields.Of("snapshot_id", snapshot)),
        ])
        {
            JsonObject missing = await stranger.SendAsync(method, $"/sandboxes/{own}{path}", body, 404);
            Assert.DoesNotContain(box, missing.ToJsonString(), StringComparison.Ordinal);
        }

        JsonObject foreign = await stranger.SendAsync("POST", "/sandboxes", JsonFields.Of("snapshot_id", snapshot), 403);
        Assert.Equal($"forbidden: {snapshot} belongs to another session", (string?)foreign["error"]);
        foreach (string name in (string[])[owner.SessionId!, owner.Token!])
        {
            foreach ((string method, string more) in ((string, string)[])[("GET", ""), ("DELETE", ""), ("GET", "/exec-tasks")])
            {
                Assert.Equal("forbidden: the path names another session", (string?)(await stranger.SendAsync(method, $"/sessions/{name}{more}", null, 403))["error"]);
            }
        }

        await owner.RunAsync(box, "true");
        string cursor = (string)(await owner.SendAsync("GET", $"/sessions/{owner.SessionId}/exec-tasks?limit=1", null, 200))["next_cursor"]!;
        JsonObject bound = await stranger.SendAsync("GET", $"/sessions/{stranger.SessionId}/exec-tasks?limit=1&cursor={cursor}", null, 400);
        Assert.Equal("bad request: cursor is invalid or expired", (string?)bound["error"]);
        Assert.Empty((await stranger.SendAsync("GET", $"/sessions/{stranger.SessionId}/exec-tasks", null, 200))["items"]!.AsArray());
        await stranger.SendAsync("GET", $"/events?sandbox_id={box}", null, 403);
        JsonArray listed = (await stranger.SendAsync("GET", "/sandboxes", null, 200))["items"]!.AsArray();
        Assert.Equal([own], listed.Select(s => (string)s!["sandbox_id"]!));
        using EventStream events = await EventStream.OpenAsync(fixture.Daemon, stranger, "/events?last_event_id=0", null);
        for (StreamEvent? next = await events.NextAsync(); next!.Type != "snapshot.created"; next = await events.NextAsync())
        {
            Assert.Equal((stranger.SessionId, own), ((string?)next.Data["session_id"], (string?)next.Data["sandbox_id"]));
        }

        // The same key is two keys.
        RawHttp http = new(fixture.Daemon.Address);
        RawReply[] replies = [await SnapshotAsync(owner, box), await SnapshotAsync(stranger, own)];
        Assert.All(replies, r => Assert.Equal((201, null), (r.Status, r.Header("Idempotency-Replayed"))));
        Assert.NotEqual((string?)replies[0].Json["id"], (string?)replies[1].Json["id"]);

        // Nothing of it has had any effect.
        await stranger.SendAsync("DELETE", $"/sessions/{stranger.SessionId}", null, 204);
        Assert.Equal("secret\n", await owner.RunAsync(box, "cat /file; touch /stop"));
        Assert.Equal(6, (await owner.FinalAsync(box, running)).ExitCode);
        JsonObject after = await owner.GetAsync(box);
        foreach ((string name, JsonNode? value) in JsonNode.Parse(before)!.AsObject().Where(m => m.Key is not ("last_used_at" or "base_snapshot_id")))
        {
            Assert.Equal(value?.ToJsonString(), after[name]?.ToJsonString());
        }

        Assert.NotEqual(snapshot, strangers);
        await owner.SendAsync("DELETE", $"/sessions/{owner.SessionId}", null, 204);

        Task<RawReply> SnapshotAsync(DaemonClient client, string sandbox) => http.SendAsync(
            $"POST /sandboxes/{sandbox}/snapshots", "{}", ("X-Session-Token", client.Token!), ("Idempotency-Key", "the-same"));
    }
}
