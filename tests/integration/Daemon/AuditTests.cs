using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The audit log of a real daemon.</summary>
[Collection(DaemonCollection.Name)]
public sealed class AuditTests(DaemonFixture fixture)
{
    private string File => Path.Combine(fixture.Daemon.DataDir, "audit.jsonl");

    [HostFact(Need.Root, Need.InitBinary)]
    public async Task Every_change_that_was_answered_is_in_the_file_over_a_kill_of_the_daemon()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        using DaemonClient root = DaemonClient.Administrator(fixture.Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox), new JsonObject { ["env"] = new JsonObject { ["A"] = "audit-value" } });
        ExecReply exec = await client.ExecAsync(box, "echo audit-command > /root/f");
        string snapshot = await client.SnapshotAsync(box);
        using (HttpResponseMessage read = await client.RawAsync("GET", $"/sandboxes/{box}/files?path=/root/f"))
        {
            Assert.Equal("audit-command\n", await read.Content.ReadAsStringAsync());
        }

        string[] forks = await client.ForkAsync(box, 2, snapshot);
        await root.DeleteAsync(forks[0]);
        await fixture.Daemon.KillAndRestartAsync();
        await client.DeleteAsync(forks[1]);
        await client.SendAsync("DELETE", $"/sandboxes/{forks[1]}", null, 404);
        await client.DeleteAsync(box);

        JsonObject[] lines = [.. (await System.IO.File.ReadAllLinesAsync(File)).Select(l => JsonNode.Parse(l)!.AsObject())];
        string[] ids = [box, .. forks];
        Assert.Equal(
            [
                $"create 201 {client.SessionId} {box}", $"exec 200 {client.SessionId} {box} {exec.Id}", $"snapshot 201 {client.SessionId} {box} {snapshot}",
                $"read 200 {client.SessionId} {box}", $"fork 201 {client.SessionId} {box} {snapshot} {forks[0]} {forks[1]}", $"delete 204 root {forks[0]}",
                $"delete 204 {client.SessionId} {forks[1]}", $"delete 404 {client.SessionId} {forks[1]}", $"delete 204 {client.SessionId} {box}",
            ],
            lines.Where(l => Targets(l).Intersect(ids).Any()).Select(l => string.Join(' ', (string[])[Text(l, "operation"), $"{l["status"]}", Who(l), .. Targets(l)])));
        JsonObject byRoot = lines.Single(l => Text(l, "operation") == "delete" && Targets(l).Contains(forks[0]));
        Assert.Equal(("socket", "0", $"{Environment.ProcessId}"), (Text(byRoot, "via"), $"{byRoot["uid"]}", $"{byRoot["pid"]}"));
        int killed = Array.FindIndex(lines, l => Targets(l).Contains(forks[0]) && Text(l, "operation") == "delete");
        Assert.Contains(lines[killed..], l => Text(l, "operation") == "daemon-start" && $"{l["pid"]}" == $"{fixture.Daemon.Pid}");
        string all = await System.IO.File.ReadAllTextAsync(File);
        Assert.All((string[])["audit-value", "audit-command", client.Token!, "/root/f"], word => Assert.DoesNotContain(word, all, StringComparison.Ordinal));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [HostFact(Need.Root, Need.InitBinary)]
    public async Task A_reader_follows_and_gets_each_line_about_one_sandbox()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        using DaemonClient root = DaemonClient.Administrator(fixture.Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox));
        using HttpResponseMessage reply = await root.RawAsync("GET", $"/admin/audit?follow=true&lines=5&target={box}");
        using StreamReader lines = new(await reply.Content.ReadAsStreamAsync());
        using CancellationTokenSource limit = new(TimeSpan.FromSeconds(60));

        Assert.Equal("create", await NextAsync());
        await client.RunAsync(box, "true");
        Assert.Equal("exec", await NextAsync());
        using (DaemonClient other = await DaemonClient.NewSessionAsync(fixture.Daemon))
        {
            await other.SendAsync("DELETE", $"/sandboxes/{box}", null, 403);
        }

        Assert.Equal("delete", await NextAsync());
        await client.DeleteAsync(box);
        Assert.Equal("delete", await NextAsync());

        async Task<string> NextAsync() => Text(JsonNode.Parse(await lines.ReadLineAsync(limit.Token) ?? "{}")!.AsObject(), "operation");
    }

    [HostFact(Need.Root, Need.InitBinary)]
    public async Task A_delete_that_nobody_asked_for_has_a_line_that_says_why()
    {
        using DaemonClient root = DaemonClient.Administrator(fixture.Daemon);
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        string brief = await client.NewAsync(image, new JsonObject { ["ttl_seconds"] = 1 });
        Assert.Equal(("-", "ttl", $"{brief} {client.SessionId}"), await DeleteOfAsync(brief));

        string owned = await client.NewAsync(image);
        await client.SendAsync("DELETE", $"/sessions/{client.Token}", null, 204);
        Assert.Equal(("-", "session", $"{owned} {client.SessionId}"), await DeleteOfAsync(owned));

        async Task<(string Via, string Reason, string Targets)> DeleteOfAsync(string box)
        {
            JsonObject? line = null;
            await Poll.UntilAsync(async () => (line = (await System.IO.File.ReadAllLinesAsync(File)).Select(l => JsonNode.Parse(l)!.AsObject())
                .SingleOrDefault(l => Text(l, "operation") == "delete-sandbox" && Targets(l).Contains(box))) is not null, 60, () => $"no line of the delete of {box}");
            return (Text(line!, "via"), Text(line!, "reason"), string.Join(' ', Targets(line!)));
        }
    }

    private static string Who(JsonObject line) => Text(line, "via") == "socket" ? "root" : Text(line, "session");

    private static string Text(JsonObject line, string name) => (string?)line[name] ?? "-";

    private static string[] Targets(JsonObject line) => [.. line["targets"]?.AsArray().Select(t => (string)t!) ?? []];
}
