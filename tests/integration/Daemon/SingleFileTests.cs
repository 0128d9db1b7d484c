using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Sleigh.IntegrationTests.Overlay;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Single files of real sandboxes over HTTP.</summary>
[Collection(DaemonCollection.Name)]
public sealed class SingleFileTests(DaemonFixture fixture)
{
    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_file_goes_in_with_owner_and_mode_and_comes_out_byte_for_byte_and_by_range()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        byte[] content = [.. Enumerable.Range(0, 700_001).Select(i => (byte)(i * 7))];

        JsonObject made = await PutAsync(sandbox.Id, "/new/dir/file&mode=4751&user=12:34", content, 201);
        Assert.Equal(("/new/dir/file", 700_001, true, "4751", 12, 34), (
            (string)made["path"]!, (int)made["bytes"]!, (bool)made["created"]!, (string)made["mode"]!, (int)made["uid"]!, (int)made["gid"]!));
        Assert.Equal("4751 12:34 700001\n", await sandbox.RunAsync("stat -c '%a %u:%g %s' /new/dir/file"));

        using HttpResponseMessage whole = await Client.RawAsync("GET", Url(sandbox.Id, "/new/dir/file"));
        Assert.Equal(content, await whole.Content.ReadAsByteArrayAsync());
        Assert.Equal(("application/octet-stream", 700_001L), (whole.Content.Headers.ContentType?.ToString(), whole.Content.Headers.ContentLength));
        Assert.InRange(whole.Content.Headers.LastModified!.Value, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        using HttpResponseMessage head = await Client.RawAsync("HEAD", Url(sandbox.Id, "/new/dir/file"));
        Assert.Equal((700_001L, whole.Headers.ETag), (head.Content.Headers.ContentLength, head.Headers.ETag));

        (HttpStatusCode status, byte[] part, string? range) = await RangeAsync(sandbox.Id, "/new/dir/file", 300_000, 300_009);
        Assert.Equal((HttpStatusCode.PartialContent, "bytes 300000-300009/700001"), (status, range));
        Assert.Equal(content[300_000..300_010], part);
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, (await RangeAsync(sandbox.Id, "/new/dir/file", 700_001, null)).Status);

        JsonObject again = await PutAsync(sandbox.Id, "/new/dir/file", [], 200);
        Assert.Equal((false, "4751", 12), ((bool)again["created"]!, (string)again["mode"]!, (int)again["uid"]!));
        Assert.Equal("4751 12:34 0\n", await sandbox.RunAsync("stat -c '%a %u:%g %s' /new/dir/file"));
        using HttpResponseMessage changed = await Client.RawAsync("HEAD", Url(sandbox.Id, "/new/dir/file"));
        Assert.NotEqual(whole.Headers.ETag, changed.Headers.ETag);

        await sandbox.RunAsync("echo bob:x:77:78::/:/bin/sh > /etc/passwd");
        await PutAsync(sandbox.Id, "/by/name&user=bob", content[..3], 201);
        Assert.Equal("77:78 77:78\n", await sandbox.RunAsync("echo $(stat -c %u:%g /by/name /by)"));
        JsonObject unknown = await PutAsync(sandbox.Id, "/x&user=nobodyatall", content[..3], 400);
        Assert.Equal(("invalid_argument", "user"), ((string)unknown["code"]!, (string)unknown["details"]!["field"]!));
        Assert.Equal("", await sandbox.RunAsync("find / -xdev -name '.sleigh-*' 2>/dev/null; ls /x 2>/dev/null; true"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task An_attackers_tree_leads_nowhere()
    {
        using TestDirectory canary = new();
        Shell.Bash($"cd {canary.Path}; mkdir sub; echo host > secret; echo host > sub/secret");
        IReadOnlyList<string> before = TreeManifest.Of(canary.Path);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await sandbox.RunAsync($$"""
            mkdir -p /w/a/b/c /d; cd /w
            ln -s {{canary.Path}} abs; ln -s ../../../../../..{{canary.Path}} a/b/c/up; ln -s {{canary.Path}}/secret a/secret; ln -s /proc/1/root proc; ln -s /proc/self/fd a/fd
            ln -s loop loop; ln -s /dev dev; mkfifo fifo; echo one > one; ln one two; ln -s / a/b/root
            echo p > /d/other; ln /d/other hard; n=$(printf 'n%.0s' $(seq 255)); echo long > $n; printf x > $(printf 'no\377t')
            """);
        foreach (string path in (string[])["/w/abs/secret", "/w/a/b/c/up/secret", "/w/a/secret", "/w/abs/sub/secret"])
        {
            await ErrorAsync("GET", sandbox.Id, path, 404, "not_found");
            await PutAsync(sandbox.Id, path, "inside"u8.ToArray(), 201);
            using HttpResponseMessage read = await Client.RawAsync("GET", Url(sandbox.Id, path));
            Assert.Equal("inside", await read.Content.ReadAsStringAsync());
            await Client.SendAsync("DELETE", Url(sandbox.Id, path), null, 204);
        }

        foreach (string path in (string[])["/w/proc/etc/passwd", "/w/a/fd/0", "/w/dev/null", "/proc/version", "/sys/x", "/dev/shm/x", "/w/a/b/root/proc/1/environ", "/w/loop", "/w/fifo", "/w/a", "/", "/etc/hosts/"])
        {
            await ErrorAsync("GET", sandbox.Id, path, 400, "path_not_allowed");
            Assert.Equal("path_not_allowed", (string?)(await PutAsync(sandbox.Id, path, "x"u8.ToArray(), 400))["code"]);
        }

        foreach (string path in (string[])["/", "/proc", "/dev/shm", "/w/proc/etc", "/etc/hosts", "/w/a/b/root/sys", "/.."])
        {
            await ErrorAsync("DELETE", sandbox.Id, $"{path}&recursive=true", 400, "path_not_allowed");
        }

        Assert.Equal("path /w/a is not allowed: the directory is not empty", await ErrorAsync("DELETE", sandbox.Id, "/w/a", 400, "path_not_allowed"));
        JsonObject first = await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/files/list?path=/w&limit=6", null, 200);
        JsonObject second = await Client.SendAsync("GET", $"/sandboxes/{sandbox.Id}/files/list?path=/w&after={first["next"]}", null, 200);
        string[] names = [.. first["items"]!.AsArray().Concat(second["items"]!.AsArray()).Select(i => $"{i!["kind"]} {i["name"]}")];
        Assert.Equal(
            ["dir a", "symlink abs", "symlink dev", "other fifo", "file hard", "symlink loop", $"file {new string('n', 255)}", "file no\uFFFDt", "file one", "symlink proc", "file two"],
            names);
        Assert.Equal("bm//dA==", (string?)second["items"]!.AsArray().Single(i => ((string)i!["name"]!).StartsWith("no", StringComparison.Ordinal))!["name_base64"]);
        Assert.Null(second["next"]);

        // Writing one name of a file leaves the other; the tree itself goes without what its links lead to.
        await PutAsync(sandbox.Id, "/w/one", "changed"u8.ToArray(), 200);
        Assert.Equal("one\n", await sandbox.RunAsync("cat /w/two"));
        await sandbox.RunAsync("cd /w; for i in $(seq 150); do mkdir d; touch d/f; cd d; done");
        await Client.SendAsync("DELETE", Url(sandbox.Id, "/w&recursive=true"), null, 204);
        Assert.Equal("p\n", await sandbox.RunAsync("ls -d /w 2>/dev/null; test -c /dev/null && cat /d/other"));
        TreeManifest.AssertEqual(before, TreeManifest.Of(canary.Path));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Nothing_outside_is_touched_while_root_inside_swaps_directories_for_links()
    {
        using TestDirectory canary = new();
        string mark = $"mark{Guid.NewGuid():N}";
        Shell.Bash($"cd {canary.Path}; mkdir sub; echo {mark} > file; echo {mark} > sub/file; touch -d @1000000000 file sub/file sub .");
        IReadOnlyList<string> before = TreeManifest.Of(canary.Path);
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string swapper = await sandbox.StartAsync($$"""
            mkdir -p /w/dir/sub; echo inside > /w/dir/sub/file; cd /w
            while [ ! -e /stop ]; do
              for t in {{canary.Path}} /proc/self/root{{canary.Path}} ../../../../../../../..{{canary.Path}} /proc/1/root /dev /sys; do
                mv dir aside 2>/dev/null; ln -s $t dir 2>/dev/null; rm dir 2>/dev/null; mv aside dir 2>/dev/null
                mv dir/sub dir/aside 2>/dev/null; ln -s $t dir/sub 2>/dev/null; rm dir/sub 2>/dev/null; mv dir/aside dir/sub 2>/dev/null
              done
            done
            """);
        Dictionary<int, int> answers = [];
        DateTime end = DateTime.UtcNow.AddSeconds(5);
        while (DateTime.UtcNow < end)
        {
            foreach ((string method, string path) in ((string, string)[])[
                ("PUT", "/w/dir/sub/file"), ("GET", "/w/dir/sub/file"), ("PUT", "/w/dir/file"), ("GET", "/w/dir/file"), ("DELETE", "/w/dir/sub&recursive=true"), ("DELETE", "/w/dir/file")])
            {
                using HttpContent? body = method == "PUT" ? new ByteArrayContent("mine"u8.ToArray()) : null;
                using HttpResponseMessage reply = await Client.RawAsync(method, Url(sandbox.Id, path), body);
                string text = await reply.Content.ReadAsStringAsync();
                Assert.DoesNotContain(mark, text, StringComparison.Ordinal);
                Assert.True((int)reply.StatusCode is 200 or 201 or 204 or 400 or 404 or 409, $"{method} {path}: {reply.StatusCode} {text}\n{fixture.Daemon.LogTail}");
                answers[(int)reply.StatusCode] = answers.GetValueOrDefault((int)reply.StatusCode) + 1;
            }
        }

        await sandbox.RunAsync("touch /stop");
        await sandbox.FinalAsync(swapper);
        TreeManifest.AssertEqual(before, TreeManifest.Of(canary.Path));
        Assert.True(answers.GetValueOrDefault(200) + answers.GetValueOrDefault(201) > 20, string.Join(", ", answers));
        Assert.Equal("", await sandbox.RunAsync("find / -xdev -name '.sleigh-*' 2>/dev/null; true"));
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_write_is_told_as_an_event()
    {
        using DaemonClient client = await DaemonClient.NewSessionAsync(fixture.Daemon);
        string box = await client.NewAsync(await fixture.Images.HaveAsync(TestImages.Busybox));
        using (var body = new ByteArrayContent(new byte[5]))
        {
            Assert.Equal(201, (await client.CallAsync("PUT", Url(box, "/told"), body)).Status);
        }

        await client.SendAsync("DELETE", Url(box, "/told"), null, 204);
        using EventStream stream = await EventStream.OpenAsync(fixture.Daemon, client, "/events?types=file.", "0");
        StreamEvent written = await stream.NextAsync() ?? throw new InvalidOperationException("the stream ended");
        StreamEvent removed = await stream.NextAsync() ?? throw new InvalidOperationException("the stream ended");
        Assert.Equal(("file.written", """{"path":"/told","bytes":5}"""), (written.Type, written.Data["data"]!.ToJsonString()));
        Assert.Equal(("file.written", """{"path":"/told"}"""), (removed.Type, removed.Data["data"]!.ToJsonString()));
        await client.DeleteAsync(box);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_slow_upload_holds_up_no_snapshot_and_one_that_breaks_off_changes_nothing()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        await PutAsync(sandbox.Id, "/file", "old"u8.ToArray(), 201);
        using HungBody hung = new(new byte[3_000_000].Select(_ => (byte)'x').ToArray());
        Task<HttpResponseMessage> put = Client.RawAsync("PUT", Url(sandbox.Id, "/file"), hung);
        await Task.Delay(500);
        string snapshot = await sandbox.SnapshotAsync().WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Equal("old/file\n", await sandbox.RunAsync("cat /file; find / -xdev -name '.sleigh-*' 2>/dev/null; ls /file"));

        // Its tree ends with the rollback, and the upload with it.
        await sandbox.RollbackAsync(snapshot);
        hung.Dispose();
        await Record.ExceptionAsync(() => put);
        Assert.Equal("old\n", await sandbox.RunAsync("cat /file; echo"));
        Assert.Equal("", await sandbox.RunAsync("find / -xdev -name '.sleigh-*' 2>/dev/null; true"));
    }

    private static string Url(string sandbox, string path) => $"/sandboxes/{sandbox}/files?path={path}";

    private async Task<JsonObject> PutAsync(string sandbox, string path, byte[] content, int status)
    {
        using var body = new ByteArrayContent(content);
        (int got, JsonObject reply) = await Client.CallAsync("PUT", Url(sandbox, path), body);
        Assert.True(got == status, $"PUT {path}: {got} {reply.ToJsonString()}\n{fixture.Daemon.LogTail}");
        return reply;
    }

    private async Task<string> ErrorAsync(string method, string sandbox, string path, int status, string code)
    {
        (int got, JsonObject reply) = await Client.CallAsync(method, Url(sandbox, path));
        Assert.True(got == status && (string?)reply["code"] == code, $"{method} {path}: {got} {reply.ToJsonString()}");
        return (string)reply["error"]!;
    }

    private async Task<(HttpStatusCode Status, byte[] Body, string? Range)> RangeAsync(string sandbox, string path, long from, long? to)
    {
        using HttpClient http = new() { BaseAddress = new Uri($"http://{fixture.Daemon.Address}") };
        using HttpRequestMessage request = new(HttpMethod.Get, Url(sandbox, path));
        request.Headers.Add("X-Session-Token", Client.Token);
        request.Headers.Range = new RangeHeaderValue(from, to);
        using HttpResponseMessage reply = await http.SendAsync(request);
        return (reply.StatusCode, await reply.Content.ReadAsByteArrayAsync(), reply.Content.Headers.ContentRange?.ToString());
    }
}
