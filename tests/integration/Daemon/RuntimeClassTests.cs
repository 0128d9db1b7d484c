using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Sandboxes whose containers something else than runc starts.</summary>
[Collection(DaemonCollection.Name)]
public sealed class RuntimeClassTests(DaemonFixture fixture)
{
    private static readonly JsonObject Crun = new() { ["runtime"] = "crun", ["memory_limit_mb"] = 128, ["auto_expand_memory"] = false, ["pids_limit"] = 50 };

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_sandbox_of_crun_does_what_one_of_runc_does_or_is_refused_with_the_reason()
    {
        JsonObject wanted = ((JsonObject)Crun.DeepClone()).With("image", await fixture.Images.HaveAsync(TestImages.Busybox));
        (int status, JsonObject made) = await fixture.Client.CallAsync("POST", "/sandboxes", wanted);
        if (status != 201)
        {
            string? error = (string?)made["error"];
            Assert.Equal((400, "unsupported_on_host", "runtime"), (status, (string?)made["code"], (string?)made["details"]!["field"]));
            Assert.StartsWith("bad request: runtime crun is not available on this host: crun ", error, StringComparison.Ordinal);
            Assert.Matches("is not installed$|some are still in version 1$", error);
            return;
        }

        await using TestSandbox sandbox = new(fixture.Client, (string)made["sandbox_id"]!);
        Assert.Equal(("crun", "cold"), ((string?)made["runtime"], (string?)made["source"]));
        Assert.Equal("131072 kB\n", await sandbox.RunAsync("sed -n 's/^MemTotal: *//p' /proc/meminfo; echo one > /file"));
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("echo two > /file");
        await sandbox.RollbackAsync(snapshot);
        await using TestSandbox fork = new(fixture.Client, (await fixture.Client.ForkAsync(sandbox.Id, 1))[0]);
        await using TestSandbox runc = await fixture.SandboxAsync(TestImages.Busybox);

        foreach (TestSandbox one in (TestSandbox[])[sandbox, fork])
        {
            JsonObject view = await one.ViewAsync();
            Assert.Equal(("crun", "one\n"), ((string?)view["runtime"], await one.RunAsync("cat /file")));
            Assert.Equal(
                (await runc.ViewAsync())["isolation"]!["seccomp"]!.ToJsonString(), view["isolation"]!["seccomp"]!.ToJsonString());
        }

        await HostileAttempts.AreRefusedAsync(fork);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_class_that_is_not_to_be_had_is_refused_with_what_is_missing_and_nothing_is_made()
    {
        foreach ((string runtime, string shim) in ((string, string)[])[("runsc", "containerd-shim-runsc-v1"), ("kata", "containerd-shim-kata-v2")])
        {
            JsonObject refused = await fixture.Client.SendAsync(
                "POST", "/sandboxes", new JsonObject { ["image"] = await fixture.Images.HaveAsync(TestImages.Busybox), ["runtime"] = runtime }, 400);

            Assert.Equal(("unsupported_on_host", "runtime"), ((string?)refused["code"], (string?)refused["details"]!["field"]));
            Assert.StartsWith($"bad request: runtime {runtime} is not available on this host: {shim} is ", (string?)refused["error"], StringComparison.Ordinal);
        }
    }
}
