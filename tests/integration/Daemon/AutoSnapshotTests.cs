using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Snapshots that are taken before commands, and the way back along them, against a real daemon.</summary>
[Collection(DaemonCollection.Name)]
public sealed class AutoSnapshotTests(DaemonFixture fixture)
{
    private const string Manifest = "cd /work 2> /dev/null && find . -exec stat -c '%n %a %s %Y' {} + | sort && find . -type f | sort | xargs -r md5sum || echo nothing";

    // What an agent does, turn by turn; null leaves the files alone.
    private static readonly string?[] Changes =
    [
        null, "mkdir /work; echo 1 > /work/a", null, null, "echo 2 >> /work/a", null, null, null, "chmod 600 /work/a", null,
        "mv /work/a /work/b", null, null, "dd if=/dev/urandom of=/work/big bs=1M count=3 2> /dev/null", null, null, null,
        "printf x | dd of=/work/big bs=1 seek=1500000 conv=notrunc 2> /dev/null", null, "rm /work/b", null, null, null, "ln -s big /work/link",
        null, null, "rm -r /work/big /etc/group", null, null, null,
    ];

    private static readonly string[] Looks =
        ["ls -lR /work /etc", "cat /work/* /etc/passwd", "true", "grep -r x /work", "test -d /work", "find / -xdev > /dev/null", "sleep 0.01; exit 3"];

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Thirty_turns_make_a_snapshot_for_each_that_changed_something_and_undo_walks_back_over_kills_byte_for_byte()
    {
        await using TestDaemon daemon = new();
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string box = await client.NewAsync(await images.HaveAsync(TestImages.Busybox), Auto());
        Stack<string> states = new([await client.RunAsync(box, Manifest)]);
        HashSet<string> before = [];
        for (int turn = 0; turn < Changes.Length; turn++)
        {
            ExecReply reply = await client.ExecAsync(box, Changes[turn] ?? Looks[turn % Looks.Length]);
            before.Add((string)reply.Json["snapshot_before"]!);
            if (Changes[turn] is not null)
            {
                states.Push(await client.RunAsync(box, Manifest));
            }

            if (turn is 9 or 21)
            {
                await daemon.KillAndRestartAsync();
            }
        }

        // The first of them is of the empty beginning.
        int changing = Changes.Count(c => c is not null);
        IReadOnlyList<JsonNode> taken = await SnapshotsAsync(client, box);
        Assert.Equal(changing + 1, taken.Count);
        Assert.All(taken, s => Assert.True((bool?)s["auto"]));
        Assert.Equal(taken.Skip(1).Select(s => (string?)s["id"]), taken.Take(changing).Select(s => (string?)s["parent_id"]));
        Assert.Equal(taken.Select(s => (string)s["id"]!).Order(StringComparer.Ordinal), before.Order(StringComparer.Ordinal));

        states.Pop();
        for (int step = 0; step < changing; step++)
        {
            JsonObject back = await UndoAsync(client, box);
            Assert.Equal((string)taken[step + 1]["id"]!, (string)back["rolled_back_to"]!);
            if (step is 2 or 5)
            {
                await daemon.KillAndRestartAsync();
            }

            // Looking at the files is a command, too; none of these makes a snapshot.
            Assert.Equal(states.Pop(), await client.RunAsync(box, Manifest));
        }

        Assert.Equal(changing + 1, (await SnapshotsAsync(client, box)).Count);
        (int status, JsonObject refused) = await client.CallAsync("POST", $"/sandboxes/{box}/undo");
        Assert.Equal(
            (409, "nothing_to_undo", $"nothing to undo: sandbox {box} has no snapshot of an earlier state of its files"),
            (status, (string?)refused["code"], (string?)refused["error"]));
        Assert.Equal(0, (int)refused["details"]!["possible_steps"]!);
        await Consistency.SettledAsync(daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_store_through_a_memory_map_is_noticed_and_a_look_is_not()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, Auto());
        await sandbox.PutAsync("/mapwrite", await TestProgram.BuildAsync("mapwrite", isStatic: true));
        await sandbox.RunAsync("mkfifo /dev/shm/in; dd if=/dev/zero of=/file bs=4096 count=1 2> /dev/null");
        string writer = await sandbox.StartAsync("exec /mapwrite /file /dev/shm/in");
        await StoreAsync("a");
        string last = await BeforeAsync("true");
        for (int round = 0; round < 8; round++)
        {
            Assert.Equal(last, await BeforeAsync("cat /file"));
            string letter = ((char)('b' + round)).ToString();
            await StoreAsync(letter);
            string next = await BeforeAsync("true");
            Assert.NotEqual(last, next);
            last = next;
        }

        await fixture.Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/exec/{writer}/cancel", null, 200);
        await sandbox.FinalAsync(writer);
        foreach (char letter in "hgfedcba")
        {
            await UndoAsync(fixture.Client, sandbox.Id);
            Assert.Equal(letter.ToString(), await sandbox.RunAsync("head -c 1 /file"));
        }

        Task<string> StoreAsync(string letter) =>
            sandbox.RunAsync($"printf {letter} > /dev/shm/in; until [ \"$(head -c 1 /file)\" = {letter} ]; do :; done");

        async Task<string> BeforeAsync(string command) => (string)(await sandbox.ExecAsync(command)).Json["snapshot_before"]!;
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Automatic_snapshots_are_bounded_by_count_and_named_kept_and_used_ones_stay_over_kills()
    {
        await using TestDaemon daemon = new(("snapshots.auto_kept", "3"), ("maintenance.interval_seconds", "1"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string box = await client.NewAsync(await images.HaveAsync(TestImages.Busybox), Auto());
        await client.RunAsync(box, "echo 0 > /n");
        string first = (string)(await SnapshotsAsync(client, box))[^1]["id"]!;
        await client.SendAsync("POST", $"/sandboxes/{box}/snapshots/{first}/keep", new JsonObject { ["keep"] = true }, 200);
        string named = (string)(await client.SendAsync("POST", $"/sandboxes/{box}/snapshots", new JsonObject { ["name"] = "mine" }, 201))["id"]!;
        string fork = (await client.ForkAsync(box, 1, named))[0];
        for (int turn = 1; turn < 9; turn++)
        {
            await client.RunAsync(box, $"echo {turn} > /n");
            if (turn % 3 == 0)
            {
                await daemon.KillAndRestartAsync();
            }
        }

        IReadOnlyList<JsonNode> left = await SnapshotsAsync(client, box);
        Assert.Equal(
            ["auto", "auto", "auto", named, first],
            left.Select(s => (bool?)s["auto"] == true && (bool?)s["keep"] != true ? "auto" : (string)s["id"]!));
        Assert.All(left, s => Assert.Equal((string?)s["id"] == first, (bool?)s["keep"] == true));
        await Consistency.SettledAsync(daemon);
        for (int turn = 7; turn >= 5; turn--)
        {
            await UndoAsync(client, box);
            Assert.Equal($"{turn}\n", await client.RunAsync(box, "cat /n"));
        }

        // Those of four turns are gone: the state before is the named one.
        await UndoAsync(client, box);
        Assert.Equal("0\n", await client.RunAsync(box, "cat /n"));
        Assert.Equal("0\n", await client.RunAsync(fork, "cat /n"));

        // The fork stands on the named one; of the rest two stay, and the kept one.
        await daemon.KillAsync();
        daemon.Set("snapshots.max_per_sandbox", "2");
        await daemon.StartAsync();
        await Poll.UntilAsync(async () => (await SnapshotsAsync(client, box)).Count == 2, 20, () => daemon.LogTail);
        Assert.Equal([named, first], (await SnapshotsAsync(client, box)).Select(s => (string)s["id"]!));
        await client.SendAsync("POST", $"/sandboxes/{box}/snapshots/{first}/keep", new JsonObject { ["keep"] = false }, 200);
        string newest = await client.SnapshotAsync(box);
        Assert.Equal([newest, named], (await SnapshotsAsync(client, box)).Select(s => (string)s["id"]!));
        await Consistency.SettledAsync(daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Commands_that_start_at_once_all_start_and_each_has_a_state_before_it()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, Auto());

        ExecReply[] replies = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => sandbox.ExecAsync($"echo {i} > /f{i}; sleep 0.05; cat /f{i}")));

        Assert.Equal(Enumerable.Range(0, 12).Select(i => $"{i}\n"), replies.Select(r => r.Stdout));
        string[] ids = [.. (await SnapshotsAsync(fixture.Client, sandbox.Id)).Select(s => (string)s["id"]!)];
        Assert.All(replies, r => Assert.Contains((string)r.Json["snapshot_before"]!, ids));
        string oldest = ids[^1];
        await sandbox.RollbackAsync(oldest);
        Assert.Equal("", await sandbox.RunAsync("ls / | grep ^f[0-9] || true"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_kill_between_snapshot_and_command_costs_no_second_snapshot_and_an_undo_that_was_cut_off_is_done_or_not()
    {
        await using TestDaemon daemon = new();
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        string box = await client.NewAsync(await images.HaveAsync(TestImages.Busybox), Auto());
        await client.RunAsync(box, "echo 1 > /n");

        await DieAsync("auto-snapshot-1", () => client.StartAsync(box, "echo lost > /n"));
        string taken = (string)(await SnapshotsAsync(client, box))[0]["id"]!;
        ExecReply next = await client.ExecAsync(box, "echo 2 > /n");
        Assert.Equal((taken, 2), ((string?)next.Json["snapshot_before"], (await SnapshotsAsync(client, box)).Count));

        await DieAsync("rollback-2", () => UndoAsync(client, box));
        Assert.Equal("2\n", await client.RunAsync(box, "cat /n"));
        await DieAsync("rollback-3", () => UndoAsync(client, box));
        Assert.Equal("1\n", await client.RunAsync(box, "cat /n"));
        await UndoAsync(client, box);
        Assert.Equal("none\n", await client.RunAsync(box, "cat /n 2> /dev/null || echo none"));
        await Consistency.SettledAsync(daemon);

        async Task DieAsync(string step, Func<Task> call)
        {
            await daemon.TerminateAsync();
            daemon.Variables["SLEIGH_TEST_DIE_AT"] = step;
            await daemon.StartAsync();
            _ = await Record.ExceptionAsync(call);
            await Poll.UntilAsync(() => !daemon.IsAlive, 30, () => $"the daemon never came to {step}:\n{daemon.LogTail}");
            daemon.Variables.Remove("SLEIGH_TEST_DIE_AT");
            await daemon.StartAsync();
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Where_the_snapshot_cannot_be_taken_the_command_does_not_start()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, Auto());
        await sandbox.RunAsync("echo then > /file");
        string folder = Path.Combine(fixture.Daemon.DataDir, "pool", "sealed");
        await ToolRunner.RunAsync("chattr", "+i", folder);
        (int Status, JsonObject Body) refused;
        try
        {
            refused = await fixture.Client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/exec", new JsonObject { ["command"] = "echo now > /file", ["wait"] = true });
        }
        finally
        {
            await ToolRunner.RunAsync("chattr", "-i", folder);
        }

        Assert.Equal((500, "snapshot_failed"), (refused.Status, (string?)refused.Body["code"]));
        Assert.StartsWith("the snapshot before the command was not taken, so the command was not started; ", (string?)refused.Body["error"], StringComparison.Ordinal);
        Assert.Equal("then\n", await sandbox.RunAsync("cat /file"));
        Assert.Equal(2, (await SnapshotsAsync(fixture.Client, sandbox.Id)).Count);
        await Consistency.SettledAsync(fixture.Daemon);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Undo_serves_sandboxes_without_automatic_snapshots_skips_doubles_and_counts_steps()
    {
        DaemonClient client = fixture.Client;
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        List<string> snapshots = [];
        foreach (int i in (int[])[1, 2, 2, 3])
        {
            await sandbox.RunAsync($"test \"$(cat /n 2> /dev/null)\" = {i} || echo {i} > /n");
            snapshots.Add(await sandbox.SnapshotAsync());
        }

        ExecReply plain = await sandbox.ExecAsync("echo 4 > /n");
        Assert.False(plain.Json.ContainsKey("snapshot_before"));
        string running = await sandbox.StartAsync("sleep 600");
        (int status, JsonObject refused) = await client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/undo", new JsonObject { ["steps"] = 4 });
        Assert.Equal(
            (409, $"nothing to undo: sandbox {sandbox.Id} can go back 3 steps, steps is 4"), (status, (string?)refused["error"]));
        JsonObject one = await UndoAsync(client, sandbox.Id);
        Assert.Equal((snapshots[3], running), ((string)one["rolled_back_to"]!, (string)one["ended_exec_ids"]!.AsArray().Single()!));
        Assert.Equal("sandbox was rolled back while the command was running", (await sandbox.FinalAsync(running)).Error);
        Assert.Equal(snapshots[2], (string)(await UndoAsync(client, sandbox.Id))["rolled_back_to"]!);
        Assert.Equal("2\n", await sandbox.RunAsync("cat /n"));
        Assert.Equal(snapshots[0], (string)(await UndoAsync(client, sandbox.Id))["rolled_back_to"]!);

        // Straight after a plain rollback nothing can have changed.
        await sandbox.RollbackAsync(snapshots[3]);
        Assert.Equal(snapshots[0], (string)(await UndoAsync(client, sandbox.Id, 2))["rolled_back_to"]!);
        Assert.Equal("1\n", await sandbox.RunAsync("cat /n"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Forks_and_creates_from_a_snapshot_take_the_wish_over_and_begin_a_way_of_their_own()
    {
        DaemonClient client = fixture.Client;
        await using TestSandbox source = await fixture.SandboxAsync(TestImages.Busybox, Auto());
        await source.RunAsync("echo source > /n");
        string snapshot = await source.SnapshotAsync();
        await using TestSandbox fork = new(client, (await client.ForkAsync(source.Id, 1, snapshot))[0]);
        await using TestSandbox made = new(client, await client.NewAsync(TestImages.Busybox, new JsonObject { ["snapshot_id"] = snapshot }));
        await using TestSandbox off = new(
            client, await client.NewAsync(TestImages.Busybox, new JsonObject { ["snapshot_id"] = snapshot, ["auto_snapshot"] = "off" }));

        Assert.Equal(("exec", "exec", null), (await WordAsync(fork), await WordAsync(made), await WordAsync(off)));
        foreach (TestSandbox box in (TestSandbox[])[fork, made])
        {
            ExecReply first = await box.ExecAsync("echo mine > /n");
            await box.RunAsync("echo more > /n");
            IReadOnlyList<JsonNode> own = await SnapshotsAsync(client, box.Id);
            Assert.Equal([snapshot], own.Where(s => (string?)s["id"] == (string?)first.Json["snapshot_before"]).Select(s => (string?)s["parent_id"]));
            Assert.Equal(2, own.Count);
            await UndoAsync(client, box.Id, 2);
            Assert.Equal("source\n", await box.RunAsync("cat /n"));
            Assert.Equal(409, (await client.CallAsync("POST", $"/sandboxes/{box.Id}/undo")).Status);
        }

        // A read only reads.
        JsonObject read = await client.SendAsync(
            "POST", $"/sandboxes/{source.Id}/ops/read", new JsonObject { ["command"] = "cat", ["args"] = new JsonArray("/n") }, 200);
        Assert.False(read.ContainsKey("snapshot_before"));

        async Task<string?> WordAsync(TestSandbox box) => (string?)(await client.GetAsync(box.Id))["auto_snapshot"];
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_sandbox_that_has_exited_goes_back_to_any_node_and_starts_again_without_a_needless_snapshot()
    {
        DaemonClient client = fixture.Client;
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, Auto());
        await sandbox.RunAsync("echo 1 > /n");
        await sandbox.RunAsync("echo 2 > /n");
        await sandbox.RunAsync("true");
        IReadOnlyList<JsonNode> taken = await SnapshotsAsync(client, sandbox.Id);
        await SandboxEnd.KillInitAsync(fixture.Daemon, client, sandbox);

        Assert.Equal("2\n", await sandbox.RunAsync("cat /n"));
        Assert.Equal(3, (await SnapshotsAsync(client, sandbox.Id)).Count);
        foreach (int node in (int[])[2, 0, 1])
        {
            await SandboxEnd.KillInitAsync(fixture.Daemon, client, sandbox);
            JsonObject back = await sandbox.RollbackAsync((string)taken[node]["id"]!);
            Assert.Equal("running", (string?)back["status"]);
            Assert.Equal(node == 2 ? "none\n" : $"{2 - node}\n", await sandbox.RunAsync("cat /n 2> /dev/null || echo none"));
        }

        await SandboxEnd.KillInitAsync(fixture.Daemon, client, sandbox);
        await UndoAsync(client, sandbox.Id);
        Assert.Equal("none\n", await sandbox.RunAsync("cat /n 2> /dev/null || echo none"));
        Assert.Equal(3, (await SnapshotsAsync(client, sandbox.Id)).Count);
    }

    private static JsonObject Auto() => new() { ["auto_snapshot"] = "exec" };

    private static async Task<IReadOnlyList<JsonNode>> SnapshotsAsync(DaemonClient client, string sandbox) =>
        [.. (await client.SendAsync("GET", $"/sandboxes/{sandbox}/snapshots", null, 200))["items"]!.AsArray().OfType<JsonNode>()];

    private static Task<JsonObject> UndoAsync(DaemonClient client, string sandbox, int? steps = null) =>
        client.SendAsync("POST", $"/sandboxes/{sandbox}/undo", steps is null ? null : new JsonObject { ["steps"] = steps }, 200);
}
