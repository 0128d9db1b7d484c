using System.Text.Json.Nodes;
using Sleigh.Containerd;
using Sleigh.TestSupport;

namespace Sleigh.IntegrationTests.Daemon;

/// <summary>Whether what a daemon has on the host is what its records name: no more, no less.</summary>
public static class Consistency
{
    private const string Spare = ".spare-";

    /// <summary>Waits until records and host agree; fails with both when they do not.</summary>
    public static async Task SettledAsync(TestDaemon daemon)
    {
        string seen = "";
        try
        {
            await Poll.UntilAsync(async () => (seen = await DifferencesAsync(daemon)).Length == 0, 60, () => seen);
        }
        catch (Xunit.Sdk.XunitException e)
        {
            throw new InvalidOperationException($"{e.Message}\n{daemon.LogTail}", e);
        }
    }

    private static async Task<string> DifferencesAsync(TestDaemon daemon)
    {
        using DaemonClient administrator = DaemonClient.Administrator(daemon);
        JsonArray sandboxes = (await administrator.SendAsync("GET", "/admin/sandboxes", null, 200))["items"]!.AsArray();
        List<string> snapshots = [];
        foreach (JsonNode? sandbox in sandboxes)
        {
            JsonObject list = await administrator.SendAsync("GET", $"/sandboxes/{sandbox!["sandbox_id"]}/snapshots", null, 200);
            snapshots.AddRange(list["items"]!.AsArray().Select(s => ((string)s!["id"]!).Replace('_', '-')));
        }

        string pool = Path.Combine(daemon.DataDir, "pool");
        ILookup<bool, string> layers = Names(Path.Combine(pool, "live")).ToLookup(n => n.StartsWith(Spare, StringComparison.Ordinal));
        string[] live = [.. layers[false]];
        string[] sealedOnes = Names(Path.Combine(pool, "sealed"));
        string[] slots = Names(Path.Combine(daemon.StateDir, "slots"));
        string[] cgroups = [.. Names(Path.Combine(CgroupRoot(), daemon.Subtree)).Where(n => n.StartsWith("slot-", StringComparison.Ordinal))];
        using ContainerdClient containerd = new(new ContainerdOptions { SocketPath = Path.Combine(daemon.StateDir, "containerd", "containerd.sock") });
        string[] containers = [.. (await containerd.Containers.ListAsync()).Select(c => c.Id).Order(StringComparer.Ordinal)];
        int running = sandboxes.Count(s => (string)s!["status"]! == "running");

        List<string> problems = [];
        Check("live layers", sandboxes.Count == live.Length, $"{sandboxes.Count} sandboxes, layers {string.Join(' ', live)}");
        Check("sealed layers", snapshots.Order(StringComparer.Ordinal).SequenceEqual(sealedOnes), $"snapshots {string.Join(' ', snapshots)}, layers {string.Join(' ', sealedOnes)}");

        // Restores made ahead: one for a snapshot that exists.
        Check("spares", layers[true].All(s => snapshots.Contains(s[Spare.Length..])), $"snapshots {string.Join(' ', snapshots)}, spares {string.Join(' ', layers[true])}");
        Check("containers", containers.SequenceEqual(slots), $"containers {string.Join(' ', containers)}, slot folders {string.Join(' ', slots)}");
        Check("cgroups", cgroups.SequenceEqual(slots), $"cgroups {string.Join(' ', cgroups)}, slot folders {string.Join(' ', slots)}");

        // Parked slots come on top; the pool of the tests holds 3.
        Check("slots", slots.Length == running + 3, $"{running} running sandboxes, {slots.Length} slots");
        Check("network namespaces", NetworkNamespaces(daemon) == slots.Length, $"{NetworkNamespaces(daemon)} for {slots.Length} slots");
        return string.Join("; ", problems);

        void Check(string what, bool right, string facts)
        {
            if (!right)
            {
                problems.Add($"{what}: {facts}");
            }
        }
    }

    private static string[] Names(string folder) => Directory.Exists(folder)
        ? [.. Directory.GetDirectories(folder).Select(Path.GetFileName).OfType<string>().Order(StringComparer.Ordinal)]
        : [];

    private static int NetworkNamespaces(TestDaemon daemon)
    {
        HashSet<string> seen = [];
        foreach ((int pid, _) in Leftovers.Processes(daemon))
        {
            try
            {
                if (File.ReadAllText($"/proc/{pid}/cgroup").Contains(daemon.Subtree, StringComparison.Ordinal)
                    && new FileInfo($"/proc/{pid}/ns/net").LinkTarget is string name)
                {
                    seen.Add(name);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It has ended meanwhile.
            }
        }

        return seen.Count;
    }

    private static string CgroupRoot() =>
        File.ReadLines("/proc/mounts").Select(l => l.Split(' ')).First(f => f[2] == "cgroup2")[1];
}
