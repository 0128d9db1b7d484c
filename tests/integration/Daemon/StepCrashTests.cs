using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>
/// The daemon kills itself behind each numbered step of a change (ChangeStep in src/Runtime). After the next start the change is done
/// whole or not at all, what was answered holds, running commands go on, and the host holds nothing that no record names.
/// </summary>
[Collection(DaemonCollection.Name)]
public sealed class StepCrashTests(DaemonFixture fixture)
{
    private const string DieAt = "SLEIGH_TEST_DIE_AT";

    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_snapshot_cut_off_at_any_step_is_there_whole_or_not_at_all_and_the_command_goes_on()
    {
        foreach (int step in (int[])[1, 2, 3, 4, 5, 6, 8])
        {
            await using TestSandbox sandbox = await OfTwoStatesAsync();
            string kept = (await SnapshotsAsync(sandbox.Id)).Single();
            string counter = await sandbox.StartAsync("i=0; while [ ! -e /stop ]; do i=$((i+1)); echo $i; sleep 0.02; done");
            await Poll.UntilAsync(async () => (await Client.ExecOfAsync(sandbox.Id, counter)).StdoutBytes > 0, 10, () => "no output");

            string? answered = await DieAsync("snapshot", step, () => Client.SnapshotAsync(sandbox.Id));

            string[] now = await SnapshotsAsync(sandbox.Id);
            Assert.Contains(kept, now);
            string? made = now.SingleOrDefault(id => id != kept);
            Assert.True(made is not null == step >= 6, $"step {step}: snapshots {string.Join(' ', now)}");
            Assert.True(answered is null || answered == made, $"step {step}: answered {answered}, there is {made}");
            long before = (await Client.ExecOfAsync(sandbox.Id, counter)).StdoutBytes;
            await Poll.UntilAsync(async () => (await Client.ExecOfAsync(sandbox.Id, counter)).StdoutBytes > before, 10, () => $"step {step}: the command stands still");
            await sandbox.RunAsync("touch /stop");
            Assert.Equal(0, (await Client.FinalAsync(sandbox.Id, counter, 10)).ExitCode);
            if (made is not null)
            {
                await Client.RollbackAsync(sandbox.Id, made);
                Assert.Equal("second\n", await sandbox.RunAsync("cat /file; test ! -e /stop"));
            }

            await Client.RollbackAsync(sandbox.Id, kept);
            Assert.Equal("first\n", await sandbox.RunAsync("cat /file"));
            await EndAsync(sandbox, step);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_rollback_cut_off_at_any_step_leaves_the_sandbox_as_before_or_as_asked()
    {
        for (int step = 1; step <= 6; step++)
        {
            await using TestSandbox sandbox = await OfTwoStatesAsync();
            string kept = (await SnapshotsAsync(sandbox.Id)).Single();
            string running = await sandbox.StartAsync("sleep 300");

            await DieAsync("rollback", step, () => Client.RollbackAsync(sandbox.Id, kept));

            bool done = step >= 3;
            Assert.Equal("running", (string?)(await Client.GetAsync(sandbox.Id))["status"]);
            Assert.Equal(done ? "first\n" : "second\n", await sandbox.RunAsync("cat /file"));
            Assert.Equal([kept], await SnapshotsAsync(sandbox.Id));
            if (done)
            {
                ExecReply ended = await Client.FinalAsync(sandbox.Id, running, 10);
                Assert.True(ended.Status == "failed", $"step {step}: {ended}");
            }
            else
            {
                Assert.Equal("running", (await Client.ExecOfAsync(sandbox.Id, running)).Status);
            }

            await EndAsync(sandbox, step);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_create_from_a_snapshot_cut_off_at_any_step_is_there_whole_or_not_at_all()
    {
        for (int step = 1; step <= 4; step++)
        {
            await using TestSandbox sandbox = await OfTwoStatesAsync();
            string kept = (await SnapshotsAsync(sandbox.Id)).Single();
            HashSet<string> before = await SandboxesAsync();

            await DieAsync("create", step, () => Client.SendAsync("POST", "/sandboxes", JsonFields.Of("snapshot_id", kept), 201));

            await OnlyWholeAsync(before, "first\n", step, most: step == 4 ? 1 : 0);
            await EndAsync(sandbox, step);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_fork_cut_off_at_any_step_leaves_whole_sandboxes_only()
    {
        for (int step = 1; step <= 2; step++)
        {
            await using TestSandbox sandbox = await OfTwoStatesAsync();
            HashSet<string> before = await SandboxesAsync();

            await DieAsync("fork", step, () => Client.ForkAsync(sandbox.Id, 3));

            Assert.Equal(2, (await SnapshotsAsync(sandbox.Id)).Length);
            await OnlyWholeAsync(before, "second\n", step, most: 3);
            Assert.Equal("second\n", await sandbox.RunAsync("cat /file"));
            await EndAsync(sandbox, step);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_delete_cut_off_at_any_step_is_finished()
    {
        for (int step = 1; step <= 8; step++)
        {
            await using TestSandbox sandbox = await OfTwoStatesAsync();
            string running = await sandbox.StartAsync("sleep 300");

            await DieAsync("delete", step, () => Client.DeleteAsync(sandbox.Id));

            Assert.Equal(404, (await Client.CallAsync("GET", $"/sandboxes/{sandbox.Id}")).Status);
            (int status, JsonObject history) = await Client.CallAsync("GET", $"/sessions/{Client.SessionId}/exec-tasks?limit=1");
            Assert.Equal((200, running, "failed"), (status, (string?)history["items"]![0]!["id"], (string?)history["items"]![0]!["status"]));
            await Consistency.SettledAsync(fixture.Daemon);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_delete_of_a_snapshot_cut_off_at_any_step_is_finished()
    {
        for (int step = 1; step <= 3; step++)
        {
            await using TestSandbox sandbox = await OfTwoStatesAsync();
            string kept = (await SnapshotsAsync(sandbox.Id)).Single();
            string younger = await Client.SnapshotAsync(sandbox.Id);

            await DieAsync("delete-snapshot", step, () => Client.SendAsync("DELETE", $"/sandboxes/{sandbox.Id}/snapshots/{kept}", null, 204));

            Assert.Equal([younger], await SnapshotsAsync(sandbox.Id));
            await Client.RollbackAsync(sandbox.Id, younger);
            Assert.Equal("second\n", await sandbox.RunAsync("cat /file"));
            await EndAsync(sandbox, step);
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_export_cut_off_at_any_step_leaves_nothing_and_can_be_asked_for_again()
    {
        await using TestSandbox sandbox = await OfTwoStatesAsync();
        string kept = (await SnapshotsAsync(sandbox.Id)).Single();
        string path = $"/sandboxes/{sandbox.Id}/snapshots/{kept}/export";
        for (int step = 1; step <= 4; step++)
        {
            await DieAsync("export", step, async () =>
            {
                using HttpResponseMessage answer = await Client.RawAsync("GET", path);
                await answer.Content.CopyToAsync(Stream.Null);
            });

            Assert.Equal([kept], await SnapshotsAsync(sandbox.Id));
            Assert.Empty(Directory.GetFiles(Path.Combine(fixture.Daemon.DataDir, "exports")));
            await Poll.UntilAsync(async () => await LeasesAsync() == 0, 60, () => $"step {step}: a lease is left in containerd");
        }

        using HttpResponseMessage again = await Client.RawAsync("GET", path);
        Assert.Equal(System.Net.HttpStatusCode.OK, again.StatusCode);
        Assert.True((await again.Content.ReadAsByteArrayAsync()).Length > 0);
        await EndAsync(sandbox, 4);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_image_of_a_snapshot_cut_off_at_any_step_is_there_whole_or_not_at_all()
    {
        for (int step = 1; step <= 2; step++)
        {
            await using TestSandbox sandbox = await OfTwoStatesAsync();
            string kept = (await SnapshotsAsync(sandbox.Id)).Single();
            string name = $"cut-off/at-{step}:1";
            await DieAsync("to-image", step, async () =>
            {
                using DaemonClient administrator = DaemonClient.Administrator(fixture.Daemon);
                await administrator.SendAsync("POST", $"/admin/snapshots/{kept}/image", JsonFields.Of("name", name), 201);
            });

            await Poll.UntilAsync(async () => await LeasesAsync() == 0, 60, () => $"step {step}: a lease is left in containerd");
            Assert.Equal([kept], await SnapshotsAsync(sandbox.Id));
            using DaemonClient after = DaemonClient.Administrator(fixture.Daemon);
            string images = (await after.SendAsync("GET", "/admin/images", null, 200)).ToJsonString();
            Assert.Equal(step == 2, images.Contains($"docker.io/{name}", StringComparison.Ordinal));
            if (step == 2)
            {
                string made = await Client.NewAsync($"docker.io/{name}");
                Assert.Equal("first\n", await Client.RunAsync(made, "cat /file"));
                await Client.DeleteAsync(made);
            }

            await EndAsync(sandbox, step);
        }
    }

    private async Task<int> LeasesAsync()
    {
        string said = await ToolRunner.RunAsync(
            "ctr", "--address", Path.Combine(fixture.Daemon.StateDir, "containerd/containerd.sock"), "--namespace", "sleigh", "leases", "list", "--quiet");
        return said.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length;
    }

    /// <summary>A sandbox whose file says "first" in its one snapshot and "second" now.</summary>
    private async Task<TestSandbox> OfTwoStatesAsync()
    {
        TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("echo first > /file");
        await Client.SnapshotAsync(sandbox.Id);
        await sandbox.RunAsync("echo second > /file");
        return sandbox;
    }

    /// <summary>Has the daemon die at a step of a call; gives the answer, if one came before. The next daemon runs then.</summary>
    private async Task<T?> DieAsync<T>(string change, int step, Func<Task<T>> call)
        where T : class
    {
        await Consistency.SettledAsync(fixture.Daemon);
        Assert.Equal(0, await fixture.Daemon.TerminateAsync());
        fixture.Daemon.Variables[DieAt] = $"{change}-{step}";
        await fixture.Daemon.StartAsync();
        T? answer = null;
        try
        {
            answer = await call();
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // It died before it answered.
        }
        finally
        {
            fixture.Daemon.Variables.Remove(DieAt);
        }

        await Poll.UntilAsync(() => !fixture.Daemon.IsAlive, 30, () => $"the daemon never came to step {step} of {change}:\n{fixture.Daemon.LogTail}");
        await fixture.Daemon.StartAsync();
        return answer;
    }

    private async Task DieAsync(string change, int step, Func<Task> call) => await DieAsync(change, step, async () =>
    {
        await call();
        return "";
    });

    // What was committed but not answered is no fault; it must work like any other.
    private async Task OnlyWholeAsync(HashSet<string> before, string file, int step, int most)
    {
        string[] fresh = [.. (await SandboxesAsync()).Except(before)];
        Assert.True(fresh.Length <= most, $"step {step}: {fresh.Length} new sandboxes");
        foreach (string id in fresh)
        {
            Assert.Equal(file, await Client.RunAsync(id, "cat /file"));
            await Client.DeleteAsync(id);
        }
    }

    private async Task EndAsync(TestSandbox sandbox, int step)
    {
        await Client.DeleteAsync(sandbox.Id);
        try
        {
            await Consistency.SettledAsync(fixture.Daemon);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidOperationException($"step {step}: {e.Message}", e);
        }
    }

    private async Task<string[]> SnapshotsAsync(string sandbox) =>
        [.. (await Client.SendAsync("GET", $"/sandboxes/{sandbox}/snapshots", null, 200))["items"]!.AsArray().Select(s => (string)s!["id"]!)];

    private async Task<HashSet<string>> SandboxesAsync() =>
        [.. (await Client.SendAsync("GET", "/sandboxes", null, 200))["items"]!.AsArray().Select(s => (string)s!["sandbox_id"]!)];
}
