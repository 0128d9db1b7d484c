using System.Diagnostics;
using System.Text.Json.Nodes;
using Sleigh.Containerd;
using Sleigh.IntegrationTests.Daemon;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Contract;

/// <summary>The checklist's lines about making and deleting sandboxes, against the daemon as it runs.</summary>
[Collection(ContractCollection.Name)]
public sealed class SandboxLines(ContractFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("C1")]
    [ContractLine("C4", Part = "status, phases and source")]
    public async Task The_smallest_create_of_an_existing_client()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        RawHttp http = new(fixture.Daemon.Address);

        RawReply made = await http.SendAsync("POST /sandboxes", $$"""{"session_token":"{{Client.Token}}","image":"{{image}}","image_pull_policy":"notify"}""");

        Assert.True(made.Status == 201, made.Body);
        Assert.Equal(("running", image, Client.SessionId), ((string?)made.Json["status"], (string?)made.Json["image"], (string?)made.Json["session_id"]));
        Assert.Contains((string?)made.Json["source"], (string?[])["pool", "cold"]);
        JsonObject phases = made.Json["phases_ms"]!.AsObject();
        Assert.Equal(["admission", "image", "rootfs", "network", "create", "start"], phases.Select(p => p.Key));
        Assert.All(phases, p => Assert.True((int)p.Value! >= 0));
        Assert.InRange((int)made.Json["startup_latency_ms"]!, phases.Sum(p => (int)p.Value!) - phases.Count, 60_000);
        string id = (string)made.Json["sandbox_id"]!;
        Assert.Equal("works\n", await Client.RunAsync(id, "echo works"));
        JsonObject seen = await Client.GetAsync(id);
        Assert.DoesNotContain((string[])["source", "phases_ms", "startup_latency_ms"], seen.ContainsKey);
        await Client.DeleteAsync(id);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("C5", Part = "the sandbox that is made")]
    public async Task Growth_is_on_unless_it_is_refused_and_labelled_only_when_asked_for()
    {
        foreach ((JsonObject more, bool grows, string? label) in ((JsonObject, bool, string?)[])
        [
            ([], true, null),
            (JsonFields.Of("auto_expand_memory", false), false, null),
            (JsonFields.Of("auto_expand_memory", true), true, "true"),
        ])
        {
            await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, more);
            JsonObject seen = await Client.GetAsync(sandbox.Id);
            Assert.Equal((grows, label), ((bool)seen["auto_expand_memory"]!, (string?)seen["labels"]!["auto_expand_memory"]));
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("C6", Part = "name, user, env, ttl_seconds, network, on_oom, snapshot_id, memory_ceiling_mb")]
    public async Task Each_new_field_takes_effect()
    {
        await using TestSandbox source = await fixture.SandboxAsync(TestImages.Busybox);
        await source.RunAsync("echo of-the-snapshot > /file");
        string snapshot = await source.SnapshotAsync();
        long begin = Stopwatch.GetTimestamp();
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject
        {
            ["name"] = "each-field", ["user"] = "anna", ["env"] = new JsonObject { ["OWN"] = "value of it" }, ["ttl_seconds"] = 6, ["network"] = "none",
            ["on_oom"] = "rollback", ["snapshot_id"] = snapshot, ["memory_limit_mb"] = 128, ["memory_ceiling_mb"] = 192, ["auto_expand_memory"] = false,
            ["runtime"] = "runc",
        });

        Assert.Equal("anna value of it of-the-snapshot\n", await sandbox.RunAsync("echo $(id -un) $OWN $(cat /file)"));
        Assert.Equal("lo\n", await sandbox.RunAsync("ls /sys/class/net"));
        JsonObject grown = await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/memory/expand", JsonFields.Of("target_mb", 4096), 200);
        Assert.Equal((192, true, 192), ((int)grown["to_mb"]!, (bool)grown["clamped"]!, (int)grown["ceiling_mb"]!));
        JsonObject seen = await Client.GetAsync(sandbox.Id);
        Assert.Equal(("rollback", "runc", "none", source.Id), ((string)seen["on_oom"]!, (string)seen["runtime"]!, (string)seen["network"]!, (string?)seen["parent"]!["sandbox_id"]));
        JsonObject taken = await Client.SendAsync("POST", "/sandboxes", new JsonObject { ["image"] = TestImages.Busybox, ["name"] = "each-field" }, 409);
        Assert.Equal(("name_in_use", sandbox.Id), ((string?)taken["code"], (string?)taken["details"]!["sandbox_id"]));

        await Poll.UntilAsync(async () => (await Client.CallAsync("GET", $"/sandboxes/{sandbox.Id}")).Status == 404, 15, () => "it outlives its time");
        Assert.True(Stopwatch.GetElapsedTime(begin).TotalSeconds >= 5, "it was deleted too early");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    [ContractLine("C8")]
    public async Task Delete_works_in_every_state_and_once()
    {
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
        foreach (string state in (string[])["running", "busy", "exited", "vanished"])
        {
            string id = await Client.NewAsync(image);
            string exec = await Client.StartAsync(id, state == "busy" ? "sleep 600" : "echo done");
            if (state != "busy")
            {
                await Client.FinalAsync(id, exec);
            }

            JsonObject host = (await administrator.SendAsync("GET", $"/admin/sandboxes/{id}", null, 200))["host"]!.AsObject();
            if (state is "exited" or "vanished")
            {
                await ToolRunner.RunAsync("kill", "-9", $"{(int)host["pid"]!}");
                await Poll.UntilAsync(async () => (string?)(await Client.GetAsync(id))["status"] == "exited", 20, () => $"{id} is not exited");
            }

            if (state == "vanished")
            {
                await VanishAsync((string)host["slot"]!);
            }

            await Client.DeleteAsync(id);

            JsonObject again = await Client.SendAsync("DELETE", $"/sandboxes/{id}", null, 404);
            Assert.Equal($"resource not found: sandbox {id}", (string?)again["error"]);
            JsonArray history = (await Client.SendAsync("GET", $"/sessions/{Client.SessionId}/exec-tasks?limit=200", null, 200))["items"]!.AsArray();
            JsonNode kept = Assert.Single(history, h => (string?)h!["sandbox_id"] == id)!;
            Assert.Equal((exec, state == "busy" ? "failed" : "succeeded"), ((string)kept["id"]!, (string)kept["status"]!));
            Assert.Equal(state == "busy" ? "sandbox was deleted while the command was running" : null, (string?)kept["error"]);
        }

        await Consistency.SettledAsync(fixture.Daemon);
    }

    // The container goes behind the daemon's back, where it has not been taken away yet.
    private async Task VanishAsync(string slot)
    {
        using ContainerdClient containerd = new(new ContainerdOptions { SocketPath = Path.Combine(fixture.Daemon.StateDir, "containerd", "containerd.sock") });
        foreach (string container in (await containerd.Containers.ListAsync()).Select(c => c.Id).Where(c => c == slot))
        {
            try
            {
                await containerd.Containers.DeleteAsync(container);
            }
            catch (ContainerdException gone) when (gone.Message.Contains("not found", StringComparison.Ordinal))
            {
                // The daemon was faster.
            }
        }
    }
}
