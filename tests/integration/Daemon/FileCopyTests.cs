using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Files in and out of real sandboxes.</summary>
[Collection(DaemonCollection.Name)]
public sealed class FileCopyTests(DaemonFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_tree_goes_in_and_comes_out_byte_for_byte_whether_the_sandbox_runs_or_has_exited()
    {
        using TestDirectory directory = new(memory: true);
        string source = OddTree.Make(directory["odd"]);
        if (TestDaemon.AllHaveUserNamespaces)
        {
            // Of the largest ids there are none inside.
            Shell.Bash($"chown 4000000:2147483644 {source}/owner");
        }

        Shell.Bash($"cd {directory.Path}; tar --format=pax --numeric-owner -cf in.tar odd");
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);

        JsonObject put = await PutOkAsync(sandbox.Id, "/deep/in", File.OpenRead(directory["in.tar"]));
        await CheckAsync("running");
        await SandboxEnd.KillInitAsync(fixture.Daemon, Client, sandbox);
        await CheckAsync("exited");
        await SandboxEnd.KillInitAsync(fixture.Daemon, Client, sandbox);
        await PutOkAsync(sandbox.Id, "/again", File.OpenRead(directory["in.tar"]));

        Assert.Equal("/deep/in", (string?)put["path"]);
        Assert.True((long)put["files"]! > 60 && (long)put["bytes"]! > 200_000_000, put.ToJsonString());
        Assert.Equal("one\n", await sandbox.RunAsync("cat '/again/odd/with space/three'"));
        Assert.Equal("", await sandbox.RunAsync("find / -name '.sleigh-*' 2>/dev/null; true"));

        async Task CheckAsync(string state)
        {
            using HttpResponseMessage reply = await Client.RawAsync("GET", $"/sandboxes/{sandbox.Id}/files/archive?path=/deep/in/odd");
            Assert.True(reply.IsSuccessStatusCode, $"{state}: {reply.StatusCode}\n{fixture.Daemon.LogTail}");
            string folder = directory.Make(state);
            await using (FileStream file = File.Create(directory["out.tar"]))
            {
                await reply.Content.CopyToAsync(file);
            }

            Shell.Bash($"cd {folder} && tar --numeric-owner -xpf ../out.tar");
            TreeManifest.AssertEqual(TreeManifest.Of(source), TreeManifest.Of($"{folder}/odd"));
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Stat_and_errors_are_those_of_the_documentation()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync("mkdir -p /d; echo hello > /d/file; chown 5:6 /d/file; chmod 4640 /d/file; ln -s ../d/file /d/link; ln -s /proc/self /magic; mkfifo /fifo");

        JsonObject file = await StatAsync("/d/file", 200);
        Assert.Equal(("file", 6, "4640", 5, 6), ((string)file["kind"]!, (int)file["size"]!, (string)file["mode"]!, (int)file["uid"]!, (int)file["gid"]!));
        Assert.InRange(DateTimeOffset.Parse((string)file["modified"]!, CultureInfo.InvariantCulture), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        JsonObject link = await StatAsync("/d/link", 200);
        Assert.Equal(("symlink", "../d/file"), ((string)link["kind"]!, (string)link["link_target"]!));
        Assert.Equal("dir", (string?)(await StatAsync("/", 200))["kind"]);
        Assert.Equal("other", (string?)(await StatAsync("/fifo", 200))["kind"]);
        Assert.Equal("file", (string?)(await StatAsync("/etc/hosts", 200))["kind"]);
        Assert.Equal(("not_found", "resource not found: path /d/none"), Error(await StatAsync("/d/none", 404)));
        Assert.Equal(("path_not_allowed", "path /proc/1 is not allowed: it leads to /proc, /sys or /dev"), Error(await StatAsync("/proc/1", 400)));
        Assert.Equal("path_not_allowed", Error(await StatAsync("/magic/root", 400)).Code);
        Assert.Equal("path_not_allowed", Error(await StatAsync("/d/../dev/shm", 400)).Code);

        JsonObject absent = await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/files/archive?path=/none", null, 404);
        Assert.Equal("path", (string?)absent["details"]!["field"]);
        await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/files/archive?path=/fifo", null, 400);
        using TestDirectory directory = new();
        Shell.Bash($"cd {directory.Path}; echo x > hosts; tar -cf t.tar hosts; mknod dev c 1 3; tar -cf dev.tar dev; tar -Pcf up.tar --transform s,^,../etc/, hosts; head -c 513 t.tar > cut.tar");
        foreach ((string path, string archive, string entry, string code) in ((string, string, string, string)[])
            [("/", "dev.tar", "dev", "path_not_allowed"), ("/d", "up.tar", "../etc/hosts", "path_not_allowed"),
             ("/d", "cut.tar", "hosts", "invalid_argument")])
        {
            (int status, JsonObject reply) = await PutAsync(sandbox.Id, path, File.OpenRead(directory[archive]));
            Assert.Equal((400, code, entry, "body"), (status, Error(reply).Code, (string)reply["details"]!["entry"]!, (string)reply["details"]!["field"]!));
        }

        Assert.Equal("path_not_allowed", Error((await PutAsync(sandbox.Id, "/dev/shm", File.OpenRead(directory["t.tar"]))).Body).Code);
        Assert.Equal("path_not_allowed", Error((await PutAsync(sandbox.Id, "/sys/x", File.OpenRead(directory["t.tar"]))).Body).Code);
        await PutOkAsync(sandbox.Id, "/etc", File.OpenRead(directory["t.tar"]));
        Assert.Equal("x\n", await sandbox.RunAsync("cat /etc/hosts"));
        await PutOkAsync(sandbox.Id, "/devel", File.OpenRead(directory["t.tar"]));
        Assert.Equal("file link\n", await sandbox.RunAsync("ls /d | tr '\\n' ' ' | sed 's/ $//'; echo"));

        Task<JsonObject> StatAsync(string path, int status) =>
            Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/files/stat?path={Uri.EscapeDataString(path)}", null, status);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Whatever_root_inside_does_to_the_tree_meanwhile_nothing_outside_is_touched()
    {
        using TestDirectory canary = new();
        string mark = $"sleigh-mark-{Guid.NewGuid():N}";
        Shell.Bash($"cd {canary.Path}; mkdir sub; echo host-secret-{mark} > secret; echo host-secret-{mark} > sub/secret; touch -d @1000000000 secret sub/secret sub .");
        IReadOnlyList<string> before = TreeManifest.Of(canary.Path);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string swapper = await sandbox.StartAsync($$"""
            mkdir -p /w/dir/sub; echo inside > /w/dir/sub/secret; cd /w
            while [ ! -e /stop ]; do
              for t in {{canary.Path}} / /proc/self/root{{canary.Path}} ../../../../../../../..{{canary.Path}} /proc/1/root /proc/self/cwd /dev /sys; do
                mv dir aside 2>/dev/null; ln -s $t dir 2>/dev/null; rm dir 2>/dev/null; mv aside dir 2>/dev/null
                mv dir/sub dir/aside 2>/dev/null; ln -s $t dir/sub 2>/dev/null; rm dir/sub 2>/dev/null; mv dir/aside dir/sub 2>/dev/null
              done
            done
            """);
        Shell.Bash($"cd {canary.Path}/..; mkdir {mark} {mark}/dir {mark}/dir/sub; echo x > {mark}/dir/sub/{mark}; echo y > {mark}/dir/{mark}; tar -C {mark} -cf {mark}.tar dir; tar -C {mark} -cf {mark}.flat.tar --transform 's,.*/,,' dir/sub/{mark} dir/{mark}");
        byte[] nested = await File.ReadAllBytesAsync($"{canary.Path}/../{mark}.tar");
        byte[] flat = await File.ReadAllBytesAsync($"{canary.Path}/../{mark}.flat.tar");
        Shell.Bash($"cd {canary.Path}/..; rm -rf {mark} {mark}.tar {mark}.flat.tar");
        (int written, int refused, int read) = (0, 0, 0);
        DateTime end = DateTime.UtcNow.AddSeconds(6);
        while (DateTime.UtcNow < end)
        {
            foreach ((string path, byte[] archive) in ((string, byte[])[])[("/w", nested), ("/w/dir", flat), ("/w/dir/sub", flat), ("/w/dir/sub/secret/..", flat)])
            {
                (int status, JsonObject reply) = await PutAsync(sandbox.Id, path, new MemoryStream(archive));
                Assert.True(status is 200 or 400 or 404 or 409, $"{path}: {status} {reply.ToJsonString()}\n{fixture.Daemon.LogTail}");
                (written, refused) = status == 200 ? (written + 1, refused) : (written, refused + 1);
            }

            foreach (string path in (string[])["/w", "/w/dir/", "/w/dir/sub/secret", "/w/dir/secret"])
            {
                using HttpResponseMessage reply = await Client.RawAsync("GET", $"/sandboxes/{sandbox.Id}/files/archive?path={path}");
                byte[] body = await reply.Content.ReadAsByteArrayAsync();
                Assert.True((int)reply.StatusCode is 200 or 400 or 404, $"{path}: {reply.StatusCode}");
                Assert.True(body.AsSpan().IndexOf("host-secret"u8) < 0, $"{path} led out");
                read += reply.IsSuccessStatusCode ? 1 : 0;
            }
        }

        await sandbox.RunAsync("touch /stop");
        await sandbox.FinalAsync(swapper);
        Assert.True(written > 0 && refused > 0 && read > 0, $"{written} written, {refused} refused, {read} read: the race was not run");
        TreeManifest.AssertEqual(before, TreeManifest.Of(canary.Path));
        foreach (string place in (string[])["/", "/dev", "/dev/shm", "/tmp", Environment.CurrentDirectory, fixture.Daemon.Folder, fixture.Daemon.StateDir])
        {
            Assert.False(Path.Exists($"{place}/{mark}"), $"written to {place} of the host");
        }

        Assert.Equal("", await sandbox.RunAsync($"find /dev /sys /proc/1/root -maxdepth 2 -name '{mark}' 2>/dev/null; true"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_caller_who_goes_away_leaves_no_half_file_and_no_turn()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        using CancellationTokenSource leave = new();
        using HungBody body = new(Begin("half", 10_000_000, 5_000_000));
        Task<HttpResponseMessage> put = Client.RawAsync("PUT", $"/sandboxes/{sandbox.Id}/files/archive?path=/to", body, leave.Token);
        await Poll.UntilAsync(async () => (await sandbox.ExecAsync("test -d /to")).ExitCode == 0, 20, () => "the upload did not begin");

        // It is a change: another waits for it.
        Task<string> snapshot = sandbox.SnapshotAsync();
        await Task.Delay(500);
        Assert.False(snapshot.IsCompleted);
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => put);

        await snapshot.WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Equal("", await sandbox.RunAsync("ls -A /to"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Delete_and_rollback_end_copies_that_hang()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string snapshot = await sandbox.SnapshotAsync();
        await sandbox.RunAsync("dd if=/dev/zero of=/big bs=1 count=1 seek=3000000000 2>/dev/null");
        using HttpResponseMessage slow = await Client.RawAsync("GET", $"/sandboxes/{sandbox.Id}/files/archive?path=/big");
        await using Stream unread = await slow.Content.ReadAsStreamAsync();

        await sandbox.RollbackAsync(snapshot).WaitAsync(TimeSpan.FromSeconds(15));
        await Assert.ThrowsAnyAsync<IOException>(() => unread.CopyToAsync(Stream.Null));

        // Not .NET's client: it reads no reply before it has sent its body.
        using TcpClient upload = new();
        await upload.ConnectAsync(fixture.Daemon.Address);
        byte[] begin = Begin("half", 10_000_000, 1_000_000);
        string head = $"PUT /sandboxes/{sandbox.Id}/files/archive?path=/to HTTP/1.1\r\nHost: localhost\r\nX-Session-Token: {Client.Token}\r\nContent-Length: 20000000\r\n\r\n";
        await upload.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. begin]);
        await Poll.UntilAsync(async () => (await sandbox.ExecAsync("test -d /to")).ExitCode == 0, 20, () => "the upload did not begin");
        await Client.DeleteAsync(sandbox.Id).WaitAsync(TimeSpan.FromSeconds(15));
        string? gone = await new StreamReader(upload.GetStream()).ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Equal("HTTP/1.1 404 Not Found", gone);
        await Consistency.SettledAsync(fixture.Daemon);
    }

    private static (string Code, string Text) Error(JsonObject reply) => ((string)reply["code"]!, (string)reply["error"]!);

    private async Task<(int Status, JsonObject Body)> PutAsync(string sandbox, string path, Stream archive)
    {
        using StreamContent content = new(archive);
        return await Client.CallAsync("PUT", $"/sandboxes/{sandbox}/files/archive?path={path}", content);
    }

    private async Task<JsonObject> PutOkAsync(string sandbox, string path, Stream archive)
    {
        (int status, JsonObject body) = await PutAsync(sandbox, path, archive);
        Assert.True(status == 200, $"{status} {body.ToJsonString()}\n{fixture.Daemon.LogTail}");
        return body;
    }

    private static byte[] Begin(string name, int announced, int sent) => [.. BigArchive.Header(name, announced), .. new byte[sent].Select((_, i) => (byte)(i | 1))];
}
