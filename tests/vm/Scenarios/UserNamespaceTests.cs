using System.Formats.Tar;
using System.Globalization;
using System.Text.Json.Nodes;
using Sleigh.TestSupport;
using Sleigh.VmTests.Machine;
using Sleigh.VmTests.Order;

namespace Sleigh.VmTests.Scenarios;

/// <summary>sandbox.user_namespace, as it is by default, on a real host, whose kernel is the oldest that can do it.</summary>
[Stage(43)]
public sealed class UserNamespaceTests(SharedMachine shared, SleighMachine sleigh) : Scenario(shared, sleigh)
{
    private const string Owners = "stat -c '%n %u %g' /up/his /up/mine /up/deep/set /etc/passwd";
    private const string Made = "/up/his 1000 1001\n/up/mine 0 0\n/up/deep/set 7 8\n/etc/passwd 0 0\n";

    // Each process that is looked for has a command line of its own.
    private int _seconds = 4711;

    [HostFact(Need.VirtualMachine)]
    public async Task Root_inside_is_nobody_outside_and_files_keep_plain_owners_on_the_disk_over_the_api_and_in_copies()
    {
        using DaemonClient client = await Sleigh.SessionAsync();
        await using TestSandbox sandbox = new(client, await client.NewAsync(SleighMachine.Busybox));
        await OnlyInsideIsItRootAsync(sandbox);

        await UploadAsync(client, sandbox, "/up/his", "1000:1001");
        await UploadAsync(client, sandbox, "/up/mine", "0:0");
        await sandbox.RunAsync("mkdir /up/deep && echo set > /up/deep/set && chown 7:8 /up/deep/set && chmod 6755 /up/deep/set && echo x >> /etc/passwd");
        Assert.Equal(Made, await sandbox.RunAsync(Owners));
        Assert.Equal([("his", 1000, 1001), ("mine", 0, 0), ("set", 7, 8)], await DownloadAsync(client, sandbox));

        string snapshot = await sandbox.SnapshotAsync();
        string layer = $"/var/lib/sleigh/pool/sealed/*{snapshot.Split('_')[1]}*/upper";
        Assert.Equal(Made.Trim(), await Sleigh.SaysAsync($"cd {layer} && {Owners.Replace(" /", " ", StringComparison.Ordinal)} | sed 's|^|/|'"));
        await sandbox.RunAsync("rm -r /up/deep && chown 77:77 /up/his");
        await sandbox.RollbackAsync(snapshot);
        await using TestSandbox fork = new(client, (await client.ForkAsync(sandbox.Id, 1, snapshot))[0]);
        foreach (TestSandbox one in (TestSandbox[])[sandbox, fork])
        {
            Assert.Equal(Made, await one.RunAsync(Owners));
            await one.RunAsync("chown 9:9 /up/his && rm /up/mine");
            await OnlyInsideIsItRootAsync(one);
        }
    }

    private async Task OnlyInsideIsItRootAsync(TestSandbox sandbox)
    {
        Assert.Equal("0\n", await sandbox.RunAsync("id -u"));
        JsonNode held = (await sandbox.ViewAsync())["isolation"]!["user_namespace"]!;
        long root = await OutsideAsync(sandbox, "0:0");
        Assert.True(root > 65535, $"root inside is {root} outside");
        Assert.Equal((true, root), ((bool)held["own"]!, (long)held["host_ids"]!["first"]!));
        Assert.Equal(root + 1000, await OutsideAsync(sandbox, "1000:1000"));
    }

    // As the host's kernel has it, of a process that runs as this user inside.
    private async Task<long> OutsideAsync(TestSandbox sandbox, string user)
    {
        string command = $"sleep {++_seconds}";
        await sandbox.StartAsync($"exec {command}", JsonFields.Of("user", user));
        string owner = "";
        await Poll.UntilAsync(
            async () => (owner = await Sleigh.SaysAsync($"for p in $(pgrep -fx '{command}'); do awk '/^Uid:/ {{ print $2 }}' /proc/$p/status; done")).Length > 0,
            60,
            () => $"no process '{command}'");
        return long.Parse(owner, CultureInfo.InvariantCulture);
    }

    private static async Task UploadAsync(DaemonClient client, TestSandbox sandbox, string path, string user)
    {
        using ByteArrayContent content = new("text"u8.ToArray());
        (int status, JsonObject reply) = await client.CallAsync("PUT", $"/sandboxes/{sandbox.Id}/files?path={path}&user={user}", content);
        Assert.True(status is 200 or 201, $"{status} {reply.ToJsonString()}");
    }

    private static async Task<(string Name, int Uid, int Gid)[]> DownloadAsync(DaemonClient client, TestSandbox sandbox)
    {
        using HttpResponseMessage reply = await client.RawAsync("GET", $"/sandboxes/{sandbox.Id}/files/archive?path=/up");
        using TarReader archive = new(await reply.Content.ReadAsStreamAsync());
        List<(string, int, int)> files = [];
        while (await archive.GetNextEntryAsync() is TarEntry entry)
        {
            if (entry.EntryType is TarEntryType.RegularFile)
            {
                files.Add((Path.GetFileName(entry.Name), entry.Uid, entry.Gid));
            }
        }

        return [.. files.Order()];
    }
}
