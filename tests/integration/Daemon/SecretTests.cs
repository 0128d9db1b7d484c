using System.Formats.Tar;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Secrets are in the environment of commands, over restarts of the daemon too, and in nothing that Sleigh writes.</summary>
[Collection(DaemonCollection.Name)]
public sealed class SecretTests(DaemonFixture fixture)
{
    private readonly string _first = "first-secret-" + RandomNumberGenerator.GetHexString(16);
    private readonly string _second = "second-secret-" + RandomNumberGenerator.GetHexString(16);
    private readonly StringBuilder _heard = new();

    private DaemonClient Client => fixture.Client;

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task The_value_is_in_no_file_that_Sleigh_ever_wrote_and_in_no_reply()
    {
        using DaemonClient root = DaemonClient.Administrator(fixture.Daemon);
        string image = await fixture.Images.HaveAsync(TestImages.Busybox);
        string known = "known-value-" + RandomNumberGenerator.GetHexString(16);
        string box = (string)(await CallAsync("POST", "/sandboxes", new JsonObject
        {
            ["image"] = image, ["secrets"] = new JsonObject { ["FIRST"] = _first }, ["env"] = new JsonObject { ["KNOWN"] = known },
        }))["sandbox_id"]!;
        await HasAsync(box, "FIRST", _first);
        await HasAsync(box, "SECOND", _second, new JsonObject { ["secrets"] = new JsonObject { ["SECOND"] = _second } });
        await HasAsync(box, "FIRST", _second, new JsonObject { ["secrets"] = new JsonObject { ["FIRST"] = _second } });

        // The look at the disk finds what is there: in the database, and in a file of the sandbox.
        await Client.RunAsync(box, "printf %s \"$KNOWN\" > /known");
        Assert.Empty((await Client.RunAsync(box, "env", new JsonObject { ["argv"] = new JsonArray("sh", "-c", "test -n \"$FIRST\"") })).Trim());
        // Nor does a command that crashes leave its environment in the tree, and it cannot ask for a dump.
        Assert.Contains(" 1 1 bytes", await Client.RunAsync(box, "ulimit -c unlimited 2> /dev/null; grep core /proc/self/limits | tr -s ' '"), StringComparison.Ordinal);
        await CallAsync("POST", $"/sandboxes/{box}/exec", new JsonObject { ["command"] = "cd / && kill -SEGV $$", ["wait"] = true });
        string snapshot = (string)(await CallAsync("POST", $"/sandboxes/{box}/snapshots", null))["id"]!;
        string fork = (string)(await CallAsync("POST", $"/sandboxes/{box}/fork", new JsonObject { ["snapshot_id"] = snapshot }))["items"]![0]!["sandbox_id"]!;
        await HasAsync(fork, "FIRST", _first);
        await CallAsync("POST", $"/sandboxes/{box}/rollback", new JsonObject { ["snapshot_id"] = snapshot });
        await HasAsync(box, "FIRST", _first);
        await CallAsync("POST", "/workflow/run", new JsonObject
        {
            ["steps"] = new JsonArray(new JsonObject
            {
                ["action"] = "exec_command", ["sandbox_id"] = box, ["command"] = "test -n \"$THIRD\"", ["secrets"] = new JsonObject { ["THIRD"] = _second },
            }),
        });
        JsonObject read = await CallAsync("POST", $"/sandboxes/{box}/ops/read", new JsonObject { ["command"] = "cat", ["args"] = new JsonArray("/proc/self/environ") });
        Assert.Equal("ok", (string?)read["status"]);
        JsonObject written = await CallAsync("POST", $"/sandboxes/{box}/ops/code/write", new JsonObject
        {
            ["sandbox_path"] = "/f.txt", ["write_mode"] = "replace_file", ["content"] = "x", ["post_exec_command"] = "printf %s \"$FIRST\" | sha256sum",
            ["post_exec_wait_timeout_seconds"] = 60,
        });
        Assert.StartsWith(Hash(_first), (string)written["stdout"]!, StringComparison.Ordinal);
        await CallAsync("PUT", $"/sandboxes/{fork}/secrets", new JsonObject { ["secrets"] = new JsonObject { ["OTHER"] = _second } });
        await HasAsync(fork, "OTHER", _second);
        await HasAsync(fork, "FIRST", "");
        byte[] export = await ExportAsync(box, snapshot);

        await fixture.Daemon.KillAndRestartAsync();
        await HasAsync(box, "FIRST", _first);
        await HasAsync(fork, "OTHER", _second);
        Assert.Equal(0, await fixture.Daemon.TerminateAsync());
        await fixture.Daemon.StartAsync();
        await HasAsync(box, "FIRST", _first);
        foreach (string path in (string[])[$"/admin/sandboxes/{box}", $"/admin/sandboxes/{fork}", "/admin/execs?limit=50", "/admin/config", $"/admin/audit?lines=1000"])
        {
            using HttpResponseMessage reply = await root.RawAsync("GET", path);
            _heard.Append(await reply.Content.ReadAsStringAsync());
        }

        await CallAsync("GET", $"/sessions/{Client.SessionId}/exec-tasks", null);
        ILookup<string, string> found = await WrittenAsync(known);
        Assert.Contains(found[known], file => Path.GetFileName(file).StartsWith("sleigh.db", StringComparison.Ordinal));
        Assert.Contains(found[known], file => Path.GetFileName(file) == "pool.btrfs");
        Assert.Empty(found[_first].Concat(found[_second]));
        await Client.DeleteAsync(box);
        await Client.DeleteAsync(fork);
        await Consistency.SettledAsync(fixture.Daemon);
        found = await WrittenAsync(known);
        Assert.Empty(found[_first].Concat(found[_second]));
        Assert.All((string[])[_first, _second], value => Assert.DoesNotContain(value, _heard.ToString(), StringComparison.Ordinal));
        Assert.Contains("FIRST", _heard.ToString(), StringComparison.Ordinal);
        Assert.All((string[])[_first, _second], value => Assert.True(export.AsSpan().IndexOf(Encoding.UTF8.GetBytes(value)) < 0, "the export has it"));
        Assert.True(export.AsSpan().IndexOf(Encoding.UTF8.GetBytes(known)) >= 0, "the export is not what was looked for");
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_command_is_refused_while_values_are_gone_unless_it_brings_them_or_they_are_set_anew()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(
            TestImages.Busybox, new JsonObject { ["secrets"] = new JsonObject { ["A"] = _first, ["B"] = _first } });
        string slot = await sandbox.SlotAsync();
        int pid = Leftovers.Processes(fixture.Daemon).Single(p => p.Line.Contains("sleigh-init", StringComparison.Ordinal) && IsOf(p.Pid, slot)).Pid;

        // As after a reboot: neither the daemon nor the sandbox's own process has lived on.
        await fixture.Daemon.KillAsync();
        await ToolRunner.RunAsync("kill", "-9", $"{pid}");
        await fixture.Daemon.StartAsync();

        JsonObject shown = await Client.GetAsync(sandbox.Id);
        Assert.Equal((true, """["A","B"]"""), ((bool?)shown["secrets_lost"], shown["secret_names"]!.ToJsonString()));
        JsonObject refused = await Client.SendAsync("POST", $"/sandboxes/{sandbox.Id}/exec", new JsonObject { ["command"] = "true", ["secrets"] = new JsonObject { ["A"] = "x" } }, 409);
        Assert.Equal(
            ("secrets_lost", $"the values of secrets of {sandbox.Id} are gone: B; they are kept in memory alone", """["B"]"""),
            ((string?)refused["code"], (string?)refused["error"], refused["details"]!["secret_names"]!.ToJsonString()));
        JsonObject read = await Client.SendAsync(
            "POST", $"/sandboxes/{sandbox.Id}/ops/read", new JsonObject { ["command"] = "cat", ["args"] = new JsonArray("/etc/passwd") }, 200);
        Assert.Equal("ok", (string?)read["status"]);
        await HasAsync(sandbox.Id, "B", _second, new JsonObject { ["secrets"] = new JsonObject { ["A"] = "x", ["B"] = _second } });
        Assert.Equal(409, (await Client.CallAsync("POST", $"/sandboxes/{sandbox.Id}/exec", new JsonObject { ["command"] = "true" })).Status);

        JsonObject set = await Client.SendAsync("PUT", $"/sandboxes/{sandbox.Id}/secrets", new JsonObject { ["secrets"] = new JsonObject { ["B"] = _first } }, 200);
        Assert.Equal((null, """["B"]"""), ((bool?)set["secrets_lost"], set["secret_names"]!.ToJsonString()));
        await HasAsync(sandbox.Id, "B", _first);
        await fixture.Daemon.KillAndRestartAsync();
        await HasAsync(sandbox.Id, "B", _first);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_process_1_that_is_stopped_keeps_no_daemon_from_starting()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["secrets"] = new JsonObject { ["A"] = _first } });
        string slot = await sandbox.SlotAsync();
        int pid = Leftovers.Processes(fixture.Daemon).Single(p => p.Line.Contains("sleigh-init", StringComparison.Ordinal) && IsOf(p.Pid, slot)).Pid;
        await ToolRunner.RunAsync("kill", "-STOP", $"{pid}");
        try
        {
            await fixture.Daemon.KillAndRestartAsync();
        }
        finally
        {
            await ToolRunner.RunAsync("kill", "-CONT", $"{pid}");
        }

        Assert.Equal(true, (bool?)(await Client.GetAsync(sandbox.Id))["secrets_lost"]);
        await Client.SendAsync("PUT", $"/sandboxes/{sandbox.Id}/secrets", new JsonObject { ["secrets"] = new JsonObject { ["A"] = _second } }, 200);
        await HasAsync(sandbox.Id, "A", _second);
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_daemon_that_dies_while_it_changes_them_leaves_the_old_or_the_new_ones()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["secrets"] = new JsonObject { ["A"] = _first } });
        foreach (int step in (int[])[1, 2])
        {
            string value = $"{_second}-{step}";
            Assert.Equal(0, await fixture.Daemon.TerminateAsync());
            fixture.Daemon.Variables["SLEIGH_TEST_DIE_AT"] = $"secrets-{step}";
            await fixture.Daemon.StartAsync();
            await Assert.ThrowsAnyAsync<Exception>(() => Client.SendAsync(
                "PUT", $"/sandboxes/{sandbox.Id}/secrets", new JsonObject { ["secrets"] = new JsonObject { [$"B{step}"] = value } }, 200));
            await Poll.UntilAsync(() => !fixture.Daemon.IsAlive, 60, () => "the daemon never came to that step");
            fixture.Daemon.Variables.Remove("SLEIGH_TEST_DIE_AT");
            await fixture.Daemon.StartAsync();

            Assert.Equal($"[\"B{step}\"]", (await Client.GetAsync(sandbox.Id))["secret_names"]!.ToJsonString());
            await HasAsync(sandbox.Id, $"B{step}", value);
        }
    }

    // The command says the hash of what it has, so that its output is not what is looked for.
    private async Task HasAsync(string box, string name, string value, JsonObject? more = null)
    {
        ExecReply exec = await Client.ExecAsync(box, $"printf %s \"${name}\" | sha256sum", more);
        _heard.Append(exec);
        Assert.StartsWith(Hash(value), exec.Stdout, StringComparison.Ordinal);
    }

    private async Task<JsonObject> CallAsync(string method, string path, JsonObject? body)
    {
        (int status, JsonObject reply) = await Client.CallAsync(method, path, body);
        _heard.Append(reply.ToJsonString());
        Assert.True(status is >= 200 and < 300, $"{method} {path}: {status} {reply.ToJsonString()}");
        return reply;
    }

    private async Task<byte[]> ExportAsync(string box, string snapshot)
    {
        using HttpResponseMessage reply = await Client.RawAsync("GET", $"/sandboxes/{box}/snapshots/{snapshot}/export");
        Assert.True(reply.IsSuccessStatusCode, $"{reply.StatusCode}");
        using MemoryStream all = new();
        await using Stream archive = await reply.Content.ReadAsStreamAsync();
        await using TarReader entries = new(archive);
        while (await entries.GetNextEntryAsync(copyData: true) is { } entry)
        {
            if (entry.DataStream is not Stream data)
            {
                continue;
            }

            // Layers are compressed, the rest is not.
            using MemoryStream one = new();
            await data.CopyToAsync(one);
            one.Position = 0;
            bool isGzip = one.Length > 2 && one.GetBuffer() is [0x1f, 0x8b, ..];
            await using Stream plain = isGzip ? new GZipStream(one, CompressionMode.Decompress) : one;
            await plain.CopyToAsync(all);
        }

        return all.ToArray();
    }

    // Files below the daemon's folder, the pool's own and what is mounted from it included, and of the container runtime.
    private async Task<ILookup<string, string>> WrittenAsync(string known)
    {
        await ToolRunner.RunAsync("sync");
        string[] folders = [.. ((string[])[fixture.Daemon.Folder, "/run/containerd"]).Where(Directory.Exists)];
        return await FileSearch.FindAsync(folders, [known, _first, _second]);
    }

    private static string Hash(string value) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(value)));

    // Others of the pool may end meanwhile.
    private static bool IsOf(int pid, string slot)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cgroup").Contains(slot, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
