using System.Text.Json.Nodes;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>The families of system calls that a sandbox is said not to have, tried from inside.</summary>
[Collection(DaemonCollection.Name)]
public sealed class SeccompTests(DaemonFixture fixture)
{
    private const int Eperm = 1;
    private const int Enosys = 38;

    // Younger than the C library that the container runtime makes its filter with: it answers that the kernel has no such call.
    private static readonly string[] Newer = ["quotactl_fd", "statmount", "listmount", "file_setattr"];

    // Answered as if the kernel were without it, and so are all calls of 32-bit programs where it is without those.
    private static readonly string[] Absent = ["socketcall", "socket_32"];

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task Every_call_of_each_family_that_is_told_as_denied_is_refused_to_root_and_to_others()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox);
        string[] told = [.. Isolation(await sandbox.ViewAsync())["seccomp"]!["denied"]!.AsArray().Select(f => (string)f!)];
        await sandbox.PutAsync("/seccomp", await TestProgram.BuildAsync("seccomp", isStatic: true));

        foreach (string user in (string[])["0", "1000"])
        {
            (string Family, string Call, int Errno)[] calls = [.. Calls(await sandbox.RunAsync("/seccomp", JsonFields.Of("user", user)))];

            Assert.Equal(told.Order(StringComparer.Ordinal), calls.Select(c => c.Family).Distinct().Order(StringComparer.Ordinal));
            Assert.DoesNotContain(calls, c => c.Errno != Eperm && !(c.Errno == Enosys && Newer.Concat(Absent).Contains(c.Call)));
        }
    }

    [HostFact(Need.Root, Need.Containerd, Need.InitBinary)]
    public async Task A_sandbox_that_runs_shows_what_holds_it_and_one_in_a_list_or_without_processes_does_not()
    {
        await using TestSandbox sandbox = await fixture.SandboxAsync(TestImages.Busybox, new JsonObject { ["pids_limit"] = 77 });

        JsonNode held = Isolation(await sandbox.ViewAsync());
        string status = await sandbox.RunAsync("", new JsonObject { ["argv"] = new JsonArray("cat", "/proc/self/status") });
        string limits = await sandbox.RunAsync("ulimit -Hn");
        Assert.Contains("max=256", await sandbox.RunAsync("grep devpts /proc/mounts"), StringComparison.Ordinal);
        JsonObject listed = await fixture.Client.SendAsync("GET", "/sandboxes", null, 200);

        Assert.Equal(14, held["capabilities"]!.AsArray().Count);
        Assert.Contains("CapEff:\t00000000a80425fb\n", status, StringComparison.Ordinal);
        Assert.True((bool)held["no_new_privileges"]!);
        Assert.True((bool)held["seccomp"]!["filter"]!);
        bool own = TestDaemon.AllHaveUserNamespaces;
        Assert.Equal(["ipc", "mnt", "net", "pid", .. own ? ["user"] : Array.Empty<string>(), "uts"], held["namespaces"]!.AsArray().Select(n => (string)n!));
        Assert.Equal(own, (bool)held["user_namespace"]!["own"]!);
        Assert.Contains(
            own ? "2147483648" : "host's user namespace",
            own ? held["user_namespace"]!["host_ids"]!.ToJsonString() : (string)held["user_namespace"]!["reason"]!,
            StringComparison.Ordinal);
        Assert.Equal((77, limits.Trim()), ((int)held["limits"]!["pids"]!, ((long)held["limits"]!["open_files"]!).ToString()));
        foreach (string path in (string[])["/proc/1", "/proc/sys", "/sys"])
        {
            Assert.Contains(path, held["read_only_paths"]!.AsArray().Select(p => (string)p!));
        }

        // What is told as covered is empty inside, and what is told as read-only refuses a write.
        foreach (string path in held["masked_paths"]!.AsArray().Select(p => (string)p!))
        {
            Assert.Equal("0\n", await sandbox.RunAsync($"if [ -d {path} ]; then ls -A {path}; else head -c 100 {path}; fi | wc -c"));
        }

        Assert.All(listed["items"]!.AsArray(), item => Assert.False(item!.AsObject().ContainsKey("isolation")));
    }

    private static JsonNode Isolation(JsonObject view) => view["isolation"] ?? throw new InvalidOperationException($"no isolation in {view}");

    private static IEnumerable<(string, string, int)> Calls(string said)
    {
        string[] lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("end", lines[^1]);
        return lines[..^1].Select(line => line.Split(' ')).Select(w => (w[0], w[1], int.Parse(w[2], System.Globalization.CultureInfo.InvariantCulture)));
    }
}
