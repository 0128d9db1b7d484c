using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>Idempotency-Key on its four endpoints, against the daemon as it runs.</summary>
[Collection(ContractCollection.Name)]
public sealed class IdempotencyLines(ContractFixture fixture)
{
    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("T10")]
    public async Task A_key_runs_once_whoever_asks_again_and_when()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        string box = await client.NewAsync(image);
        RawHttp http = new(fixture.Daemon.Address);
        (string Path, string Body, string Other, string Fails)[] endpoints =
        [
            ("/sandboxes", $$"""{"image":"{{image}}","name":"once"}""", $$"""{"image":"{{image}}"}""", """{"snapshot_id":"snap_000000000000"}"""),
            ($"/sandboxes/{box}/exec", """{"command":"echo x >> /ran"}""", """{"command":"true"}""", """{"argv":["x"],"terminal":{"rows":1,"columns":1},"stdin":"x"}"""),
            ($"/sandboxes/{box}/snapshots", """{"name":"once"}""", """{"name":"twice"}""", """{"name":7}"""),
            ($"/sandboxes/{box}/fork", """{"count":1}""", """{"count":2}""", """{"snapshot_id":"snap_000000000000"}"""),
        ];
        int n = 0;
        foreach ((string path, string body, string other, string fails) in endpoints)
        {
            Task<RawReply> SendAsync(string text, string key) =>
                http.SendAsync($"POST {path}", text, ("X-Session-Token", client.Token!), ("Idempotency-Key", key));
            string key = $"key-{n++}";

            // The first fails; the key stays free for the retry, and a pair of retries runs once.
            Assert.InRange((await SendAsync(fails, key)).Status, 400, 404);
            RawReply[] pair = await Task.WhenAll(SendAsync(body, key), SendAsync(body, key));
            RawReply replay = await SendAsync($" {body} ", key);

            Assert.All(pair, r => Assert.InRange(r.Status, 201, 202));
            Assert.Equal("true", replay.Header("Idempotency-Replayed"));
            Assert.Single(pair, r => r.Header("Idempotency-Replayed") is null);
            Assert.Single(pair.Append(replay).Select(r => (string?)r.Json["sandbox_id"] + (string?)r.Json["id"] + (string?)r.Json["snapshot_id"]).Distinct());
            RawReply conflict = (await SendAsync(other, key)).Is(409, "idempotency_conflict");
            Assert.Equal("Idempotency-Key was already used with a different request", conflict.Error);
        }

        // One each: of the two that were there or made by name, and the fork; a snapshot by name, and the fork's.
        Assert.Equal(3, (await client.SendAsync("GET", "/sandboxes", null, 200))["items"]!.AsArray().Count);
        JsonArray snapshots = (await client.SendAsync("GET", $"/sandboxes/{box}/snapshots", null, 200))["items"]!.AsArray();
        Assert.Equal(["fork", "once"], snapshots.Select(s => (string?)s!["name"]));
        await Poll.UntilAsync(async () => (await client.ExecAsync(box, "cat /ran")).Stdout == "x\n", 10, () => "it did not run once");
        await client.SendAsync("DELETE", $"/sessions/{client.SessionId}", null, 204);
    }
}
