using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.TestSupport.Http;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Webhooks of a real daemon, received in this process. Lines W1 to W4 of the contract's checklist, and S6's part of them.</summary>
[Collection(DaemonCollection.Name)]
public sealed class WebhookTests(DaemonFixture fixture)
{
    private TestDaemon Daemon => fixture.Daemon;

    [HostFact(Need.Root, Need.InitBinary)]
    [ContractLine("W2", Part = "against the daemon")]
    public async Task Five_tries_at_the_contracts_distance_over_a_kill_between_and_within_tries()
    {
        await using HttpReceiver receiver = new(request => (PathOf(request), request.Headers["x-delivery-attempt"]) switch
        {
            // This one is under way when the daemon is killed.
            ("/within", "3") => null,
            (_, "5") => 204,
            _ => 500,
        });
        using DaemonClient client = await DaemonClient.NewSessionAsync(Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox));
        string exec = await client.StartAsync(box, "sleep 0.3; exit 7", JsonFields.Of("webhook_url", $"{receiver.Url}/between?key=1"));
        JsonObject second = await SubscribeAsync(client, box, exec, $"{receiver.Url}/within");
        Assert.Equal((true, false, false, "running"), ((bool)second["created"]!, (bool)second["duplicate_ignored"]!, (bool)second["delivered_immediately"]!, (string)second["exec_status"]!));

        await Poll.UntilAsync(() => Of("/between").Length == 3 && Of("/within").Length == 3, 30, () => $"{receiver.Received.Count} requests");
        await Task.Delay(200);
        await Daemon.KillAsync();
        await Daemon.StartAsync();
        await Poll.UntilAsync(() => Of("/between").Length == 5 && Of("/within").Length == 5, 60, () => $"{receiver.Received.Count} requests");

        string secret = await SecretAsync();
        foreach (string path in (string[])["/between", "/within"])
        {
            ReceivedRequest[] tries = Of(path);
            Assert.Equal(["1", "2", "3", "4", "5"], tries.Select(t => t.Headers["x-delivery-attempt"]));
            Assert.Single(tries.Select(t => t.Headers["x-delivery-id"]).Distinct());
            Assert.Single(tries.Select(t => Convert.ToHexString(t.Body)).Distinct());
            Assert.All(tries, t => Assert.Equal(Signature(secret, t), t.Headers["x-signature"]));
            Assert.All(tries, t => Assert.Equal("application/json", t.Headers["content-type"]));
            AssertPause(tries[0], tries[1], 0.5);
            AssertPause(tries[1], tries[2], 1.5);
            AssertPause(tries[3], tries[4], 10);
            Assert.Matches(
                $$"""^\{"payload":\{"command":"sleep 0\.3; exit 7","completed_at":"[^"]{20}","error":"command exited with status 7","exec_id":"{{exec}}","exec_status":"failed","exit_code":7,"sandbox_id":"{{box}}","started_at":"[^"]{20}"\},"status":"err"\}$""",
                Encoding.UTF8.GetString(tries[0].Body));
        }

        JsonObject log = await LogAsync(Of("/within")[0].Headers["x-delivery-id"]);
        await Poll.UntilAsync(async () => (string?)(log = await LogAsync((string)log["delivery_id"]!))["state"] == "delivered", 10, () => log.ToJsonString());
        Assert.Equal(["answered with status 500", "answered with status 500", "the daemon ended during this try", "answered with status 500", null], log["tries"]!.AsArray().Select(t => (string?)t!["error"]));
        using EventStream stream = await EventStream.OpenAsync(Daemon, client, "/events?types=webhook.&last_event_id=0", null);
        StreamEvent told = await stream.NextAsync() ?? throw new InvalidOperationException("the stream ended");
        Assert.Equal(("webhook.delivered", exec, 5), (told.Type, (string?)told.Data["exec_id"], (int)told.Data["data"]!["attempts"]!));
        Assert.DoesNotContain("key=1", told.Data.ToJsonString(), StringComparison.Ordinal);
        await client.DeleteAsync(box);

        ReceivedRequest[] Of(string path) => [.. receiver.Received.Where(r => PathOf(r) == path)];
    }

    [HostFact(Need.Root, Need.InitBinary)]
    [ContractLine("W3", Part = "the race")]
    public async Task Subscribing_and_ending_at_the_same_moment_a_thousand_times_gives_one_delivery_each()
    {
        const int All = 1000;
        await using HttpReceiver receiver = new(_ => 200);
        using DaemonClient client = await DaemonClient.NewSessionAsync(Daemon);
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        string[] boxes = [await client.NewAsync(image), await client.NewAsync(image)];
        ConcurrentBag<(string Exec, bool Immediately)> subscribed = [];

        await Parallel.ForEachAsync(Enumerable.Range(0, All), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, _) =>
        {
            string box = boxes[n % boxes.Length];
            JsonObject body = new() { ["argv"] = new JsonArray("true") };
            string exec = (string)(await client.SendAsync("POST", $"/sandboxes/{box}/exec", body, 202))["id"]!;
            await Task.Delay(n % 10, CancellationToken.None);
            JsonObject first = await SubscribeAsync(client, box, exec, receiver.Url);
            Assert.True((bool)first["created"]!);
            subscribed.Add((exec, (bool)first["delivered_immediately"]!));
        });

        IReadOnlyList<ReceivedRequest> received = await receiver.WaitAsync(All, TimeSpan.FromSeconds(60));
        await Poll.UntilAsync(async () => (int)(await AdminAsync("/admin/webhooks?limit=1"))["queued"]! == 0, 30, () => "deliveries wait");
        Assert.Equal(All, receiver.Received.Count);
        Assert.Equal(subscribed.Select(s => s.Exec).Order(), received.Select(ExecOf).Order());
        Assert.Equal(All, received.Select(r => r.Headers["x-delivery-id"]).Distinct().Count());
        Assert.Contains(subscribed, s => s.Immediately);
        foreach (string box in boxes)
        {
            await client.DeleteAsync(box);
        }
    }

    [HostFact(Need.Root, Need.InitBinary)]
    [ContractLine("W4", Part = "against the daemon")]
    public async Task Each_way_to_end_has_its_status_and_long_commands_are_cut()
    {
        await using HttpReceiver receiver = new(_ => 200);
        using DaemonClient client = await DaemonClient.NewSessionAsync(Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox));
        string tail = "#" + string.Concat(Enumerable.Repeat("é😀", 1023)) + "x";
        Dictionary<string, string> execs = new()
        {
            ["ok"] = await StartAsync("true"),
            ["argv"] = (string)(await client.SendAsync("POST", $"/sandboxes/{box}/exec", new JsonObject { ["argv"] = new JsonArray("echo", "a b"), ["webhook_url"] = receiver.Url }, 202))["id"]!,
            ["long"] = await StartAsync($"exit 3 {tail}"),
            ["timeout"] = await StartAsync("sleep 100", "timeout_seconds"),
            ["cancelled"] = await StartAsync("sleep 100"),
            ["deleted"] = await StartAsync("sleep 100"),
        };
        await client.CancelAsync(box, execs["cancelled"]);
        await client.FinalAsync(box, execs["timeout"]);
        await client.FinalAsync(box, execs["cancelled"]);
        await client.FinalAsync(box, execs["long"]);

        // What a deleted sandbox ends is told too.
        await client.DeleteAsync(box);
        await receiver.WaitAsync(execs.Count);

        Assert.Equal(("ok", "succeeded", "true", null), Told("ok"));
        Assert.Equal(("ok", "succeeded", "echo 'a b'", null), Told("argv"));
        Assert.Equal(("err", "failed", "...(truncated webhook field: omitted 7 runes, showing last 2048)\n" + tail, "command exited with status 3"), Told("long"));
        Assert.Equal(("timeout", "failed", "sleep 100", "command timed out after 1s and was stopped"), Told("timeout"));
        Assert.Equal(("err", "cancelled", "sleep 100", null), Told("cancelled"));
        Assert.Equal(("err", "failed", "sleep 100", "sandbox was deleted while the command was running"), Told("deleted"));
        Assert.True((bool)Body("timeout")["payload"]!["timed_out"]!);
        Assert.Equal(execs.Count, receiver.Received.Count);

        JsonNode Body(string which) => JsonNode.Parse(receiver.Received.Single(r => ExecOf(r) == execs[which]).Body)!;

        (string?, string?, string?, string?) Told(string which)
        {
            JsonNode payload = Body(which)["payload"]!;
            return ((string?)Body(which)["status"], (string?)payload["exec_status"], (string?)payload["command"], (string?)payload["error"]);
        }

        async Task<string> StartAsync(string command, string? limit = null)
        {
            JsonObject more = new() { ["webhook_url"] = receiver.Url };
            if (limit is not null)
            {
                more[limit] = 1;
            }

            return await client.StartAsync(box, command, more);
        }
    }

    [HostFact(Need.Root, Need.InitBinary)]
    [ContractLine("W3", Part = "redirect and blocked address")]
    public async Task A_redirect_is_a_failed_try_and_a_blocked_address_is_never_connected_to()
    {
        await using HttpReceiver blocked = new(_ => 200, IPAddress.Parse("127.0.0.2"));
        await using HttpReceiver target = new(_ => 200);
        await using HttpReceiver redirects = new(request => request.Headers["x-delivery-attempt"] == "1"
            ? $"HTTP/1.1 302 Found\r\nLocation: {target.Url}/\r\nContent-Length: 0\r\n\r\n"
            : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        using DaemonClient client = await DaemonClient.NewSessionAsync(Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox));
        string exec = await client.StartAsync(box, "while [ ! -e /go ]; do sleep 0.05; done", JsonFields.Of("webhook_url", redirects.Url));
        await SubscribeAsync(client, box, exec, blocked.Url);
        Daemon.Set("webhooks.blocked_networks", "[127.0.0.2/32]");
        try
        {
            await AdminAsync("/admin/config/reload", "POST");
            JsonObject refused = await client.SendAsync("POST", "/webhooks/exec/subscribe", Subscription(box, exec, $"{blocked.Url}/later"), 400);
            Assert.Equal("webhook_url_blocked", (string?)refused["code"]);
            JsonObject started = await client.SendAsync("POST", $"/sandboxes/{box}/exec", new JsonObject { ["command"] = "true", ["webhook_url"] = blocked.Url }, 202);
            Assert.Equal("bad request: webhook_url leads to 127.0.0.2, which lies in a blocked network", (string?)started["webhook_subscription"]!["error"]);

            await client.RunAsync(box, "touch /go");
            await redirects.WaitAsync(2);
            JsonObject failed = [];
            await Poll.UntilAsync(
                async () => (failed = (JsonObject?)(await AdminAsync("/admin/webhooks?state=failed"))["items"]!.AsArray().FirstOrDefault(d => (string?)d!["exec_id"] == exec) ?? []).Count > 0,
                10, () => "nothing has failed");
            Assert.Equal((1, "127.0.0.2 lies in a blocked network"), ((int)failed["attempts"]!, (string?)failed["last_error"]));
        }
        finally
        {
            Daemon.Unset("webhooks.blocked_networks");
            await AdminAsync("/admin/config/reload", "POST");
        }

        Assert.Equal((0, 0, 2), (blocked.Connections, target.Connections, redirects.Connections));
        await client.DeleteAsync(box);
    }

    [HostFact(Need.Root, Need.InitBinary)]
    public async Task The_end_of_a_session_drops_what_waits_and_the_end_of_a_sandbox_does_not()
    {
        await using HttpReceiver receiver = new(_ => 500);
        using DaemonClient ends = await DaemonClient.NewSessionAsync(Daemon);
        using DaemonClient stays = await DaemonClient.NewSessionAsync(Daemon);
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        string[] boxes = [await ends.NewAsync(image), await stays.NewAsync(image)];
        await ends.ExecAsync(boxes[0], "true", JsonFields.Of("webhook_url", $"{receiver.Url}/ends"));
        await ends.StartAsync(boxes[0], "sleep 100", JsonFields.Of("webhook_url", $"{receiver.Url}/running"));
        await stays.ExecAsync(boxes[1], "true", JsonFields.Of("webhook_url", $"{receiver.Url}/stays"));
        await receiver.WaitAsync(2);

        await ends.SendAsync("DELETE", $"/sessions/{ends.SessionId}", null, 204);
        int before = receiver.Received.Count(r => PathOf(r) == "/ends");
        await stays.DeleteAsync(boxes[1]);
        await Poll.UntilAsync(() => receiver.Received.Count(r => PathOf(r) == "/stays") >= 3, 20, () => "the deleted sandbox's webhook is not sent");

        Assert.InRange(receiver.Received.Count(r => PathOf(r) == "/ends"), before, before + 1);
        Assert.DoesNotContain(receiver.Received, r => PathOf(r) == "/running");
        Assert.DoesNotContain((await AdminAsync("/admin/webhooks"))["items"]!.AsArray(), d => (string?)d!["session_id"] == ends.SessionId);
    }

    private static string PathOf(ReceivedRequest request) => request.Line.Split(' ')[1].Split('?')[0];

    private static string ExecOf(ReceivedRequest request) => (string)JsonNode.Parse(request.Body)!["payload"]!["exec_id"]!;

    private static string Signature(string secret, ReceivedRequest request) => "sha256=" + Convert.ToHexStringLower(
        HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), (byte[])[.. Encoding.ASCII.GetBytes(request.Headers["x-timestamp"] + "."), .. request.Body]));

    // From the end of a try to the next. Beyond the contract's 20 % a busy machine may take a moment to write down, and to begin.
    private static void AssertPause(ReceivedRequest first, ReceivedRequest second, double seconds)
    {
        double pause = TimeProvider.System.GetElapsedTime(first.AnsweredAt, second.At).TotalSeconds;
        Assert.True(pause >= seconds * 0.8 && pause <= (seconds * 1.2) + 0.25, string.Create(CultureInfo.InvariantCulture, $"{pause:F3} s instead of {seconds} s"));
    }

    private static JsonObject Subscription(string sandbox, string exec, string url) => new()
    {
        ["sandbox_id"] = sandbox, ["exec_id"] = exec, ["webhook_url"] = url,
    };

    private static Task<JsonObject> SubscribeAsync(DaemonClient client, string sandbox, string exec, string url) =>
        client.SendAsync("POST", "/webhooks/exec/subscribe", Subscription(sandbox, exec, url), 201);

    private async Task<string> SecretAsync() => (string)(await AdminAsync("/admin/webhook-secret"))["hmac_secret"]!;

    private Task<JsonObject> LogAsync(string delivery) => AdminAsync($"/admin/webhooks/{delivery}");

    private async Task<JsonObject> AdminAsync(string path, string method = "GET")
    {
        using DaemonClient administrator = DaemonClient.Administrator(Daemon);
        return await administrator.SendAsync(method, path, null, 200);
    }
}
