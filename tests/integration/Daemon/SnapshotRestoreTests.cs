using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Single paths of real sandboxes put back over HTTP, and what the diff tells of renames and patches.</summary>
[Collection(DaemonCollection.Name)]
public sealed class SnapshotRestoreTests(DaemonFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Paths_come_back_while_commands_run_on_and_are_told_as_events()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox));
        await client.RunAsync(box, "mkdir -p /app/sub; echo one > /app/main.py; echo two > /app/sub/x; chmod 750 /app/sub; chown 5:6 /app/main.py; ln -s main.py /app/link");
        string snapshot = (string)(await client.SendAsync("POST", $"/sandboxes/{box}/snapshots", new JsonObject(), 201))["id"]!;
        string running = await client.StartAsync(box, "while [ ! -e /stop ]; do sleep 0.1; done; cat /app/main.py; exit 9");
        await client.RunAsync(box, "echo changed > /app/main.py; rm -r /app/sub; ln -sf nowhere /app/link; echo new > /app/new; rm /bin/ls");
        string path = $"/sandboxes/{box}/snapshots/{snapshot}/restore";

        JsonObject missing = await client.SendAsync("POST", path, JsonNode.Parse("""{"paths":["/app/main.py","/app/new"]}""")!.AsObject(), 404);
        Assert.Equal(("not_found", "resource not found: path /app/new in the snapshot"), ((string)missing["code"]!, (string)missing["error"]!));
        JsonObject refused = await client.SendAsync("POST", path, JsonNode.Parse("""{"paths":["/app/main.py","/etc/hosts"]}""")!.AsObject(), 400);
        Assert.Equal(("path_not_allowed", "path /etc/hosts is not allowed: something is mounted there"), ((string)refused["code"]!, (string)refused["error"]!));
        Assert.Equal("changed\n", await client.RunAsync(box, "cat /app/main.py"));

        JsonObject done = await client.SendAsync("POST", path, JsonNode.Parse("""{"paths":["/app","/bin/ls","/app/new"],"delete_added":true}""")!.AsObject(), 200);
        Assert.Equal("""[{"path":"/app","kind":"dir","files":3,"bytes":8}]""", new JsonArray(done["restored"]![0]!.DeepClone()).ToJsonString());
        Assert.Equal("[]", done["deleted"]!.ToJsonString());
        Assert.Equal("644 5:6 main.py\n750 0:0 sub\n644 0:0 sub/x\n", await client.RunAsync(box, "cd /app; stat -c '%a %u:%g %n' main.py sub sub/x"));
        Assert.Equal("one\nlink main.py sub\n", await client.RunAsync(box, "cat /app/link; echo $(/bin/ls /app)"));
        JsonObject diff = await client.SendAsync("GET", $"/sandboxes/{box}/snapshots/{snapshot}/diff?prefix=/app", null, 200);
        Assert.Empty(diff["items"]!.AsArray());

        await client.RunAsync(box, "touch /stop");
        ExecReply end = await client.FinalAsync(box, running, 10);
        Assert.Equal((9, "one\n"), (end.ExitCode, end.Stdout));
        using EventStream stream = await EventStream.OpenAsync(fixture.Daemon, client, "/events?types=file.", "0");
        StreamEvent told = await stream.NextAsync() ?? throw new InvalidOperationException("the stream ended");
        Assert.Equal(("file.written", """{"path":"/app","bytes":8}"""), (told.Type, told.Data["data"]!.ToJsonString()));
        await client.DeleteAsync(box);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_sandbox_that_has_exited_is_started_and_a_moved_file_is_one_item_with_a_patch()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("mkdir /app; printf 'a\\nb\\nc\\n' > /app/old.py");
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("mv /app/old.py /app/new.py; sed -i s/b/B/ /app/new.py; mv /etc/group /etc/group2");
        await SandboxEnd.KillInitAsync(fixture.Daemon, Client, sandbox);

        JsonObject diff = await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/diff?renames=true&patch=true", null, 200);
        JsonObject group = diff["items"]!.AsArray().OfType<JsonObject>().Single(i => (string?)i["path"] == "/etc/group2");
        Assert.Equal(("renamed", "/etc/group"), ((string?)group["change"], (string?)group["from_path"]));
        JsonObject text = await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/diff?patch=true&prefix=/app/new.py", null, 200);
        Assert.Equal(
            "diff --git a/app/new.py b/app/new.py\nnew file mode 100644\n--- /dev/null\n+++ b/app/new.py\n@@ -0,0 +1,3 @@\n+a\n+B\n+c\n", (string?)text["items"]![0]!["patch"]);

        await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/restore", JsonNode.Parse("""{"paths":["/app/old.py"]}""")!.AsObject(), 200);
        Assert.Equal("a b c\n", await sandbox.RunAsync("echo $(cat /app/old.py)"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_snapshot_that_is_deleted_while_paths_come_back_out_of_it_stays_until_they_are_there()
    {
        // With this driver a removal takes file by file, and a reader would miss those that are gone.
        await using TestDaemon daemon = new(("pool.size", "0"), ("storage.driver", "copy"));
        using TestImages images = new(daemon);
        await daemon.StartAsync();
        using DaemonClient client = await DaemonClient.NewSessionAsync(daemon);
        await using TestSandbox sandbox = new(client, await client.NewAsync(await images.HaveAsync(TestImages.Busybox)));
        await sandbox.RunAsync("mkdir /many; cd /many; i=0; while [ $i -lt 5000 ]; do echo was > f$i; i=$((i+1)); done; dd if=/dev/urandom of=big bs=1M count=20 2>/dev/null; md5sum big > /sum");
        bool met = false;
        for (int round = 0; round < 12 && !met; round++)
        {
            string snapshot = await sandbox.SnapshotAsync();
            string layer = Path.Combine(daemon.DataDir, "layers", "sealed", snapshot.Replace('_', '-'));
            Assert.True(Directory.Exists(layer), layer);
            await sandbox.RunAsync("cd /many; echo is > f0; echo is > f4999; echo is > big");

            Task<(int Status, JsonObject Body)> restore = client.CallAsync(
                "POST", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/restore", JsonNode.Parse("""{"paths":["/many"]}""")!.AsObject());
            await Task.Delay(10 * (round + 1));
            await client.SendAsync("DELETE", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}", null, 204);
            Assert.Equal(404, (await client.CallAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/diff")).Status);
            bool runs = !restore.IsCompleted;
            (int status, JsonObject body) = await restore;
            if (status == 404)
            {
                // The delete came first: nothing of it was begun.
                Assert.Equal("snapshot_not_found", (string)body["code"]!);
                await sandbox.RunAsync("cd /many; echo was > f0; echo was > f4999; dd if=/dev/urandom of=big bs=1M count=20 2>/dev/null; md5sum big > /sum");
            }
            else
            {
                // Files whose layer goes under the reader are gone or stale.
                Assert.True(status == 200, $"{status} {body.ToJsonString()}");
                Assert.Equal("big: OK\n5000 was\n", await sandbox.RunAsync("cd /many; md5sum -c /sum; cat f* | sort | uniq -c | sed 's/^ *//'"));
                met = runs;
            }

            await Poll.UntilAsync(() => !Directory.Exists(layer), 60, () => $"{layer} is there yet");
        }

        Assert.True(met, "no delete met a restore");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_killed_daemon_leaves_whole_files_and_no_temporary_name()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("mkdir /many; cd /many; i=0; while [ $i -lt 3000 ]; do echo was > f$i; i=$((i+1)); done; ln -s was link; dd if=/dev/urandom of=big bs=1M count=40 2>/dev/null");
        string snapshot = await sandbox.SnapshotAsync();
        int partly = 0;
        for (int round = 0; round < 6; round++)
        {
            await sandbox.RunAsync("cd /many; for f in f*; do echo is > $f; done; rm link; echo is > link; echo is > big");
            Task<(int, JsonObject)> restore = Client.CallAsync(
                "POST", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/restore", JsonNode.Parse("""{"paths":["/many"]}""")!.AsObject());
            await Task.Delay(20 + (60 * round));
            await fixture.Daemon.KillAsync();
            await Record.ExceptionAsync(() => restore);
            await fixture.Daemon.StartAsync();
            Assert.Equal("", await sandbox.RunAsync("find / -xdev -name '.sleigh-*' 2>/dev/null; cat /many/f* | grep -v -x -e was -e is; true"));
            int back = int.Parse(await sandbox.RunAsync("cat /many/f* | grep -c was; true"), System.Globalization.CultureInfo.InvariantCulture);
            partly += back is > 0 and < 3000 ? 1 : 0;
        }

        Assert.True(partly > 0, "no restore was cut off in its middle");
        await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/restore", JsonNode.Parse("""{"paths":["/many"]}""")!.AsObject(), 200);
        Assert.Equal("3000\nwas\n", await sandbox.RunAsync("cat /many/f* | grep -c was; readlink /many/link"));
        Assert.Empty((await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/snapshots/{snapshot}/diff?prefix=/many", null, 200))["items"]!.AsArray());
    }
}
