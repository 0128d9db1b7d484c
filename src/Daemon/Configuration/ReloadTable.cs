namespace Sleigh.Daemon.Configuration;

/// <summary>Which keys a reload can put in force. <c>docs/configuration.md</c> lists the same; a test compares.</summary>
internal static class ReloadTable
{
    private static readonly HashSet<string> NeedRestart = new(StringComparer.Ordinal)
    {
        // Where things lie, and what is open from the start on.
        "data_dir", "state_dir", "http.listen", "http.socket", "http.max_connections", "http.socket_group", "containerd.mode", "containerd.address", "containerd.binary",
        "containerd.runtime", "storage.driver", "storage.pool_size", "cgroup.subtree", "init.path",

        // The network of sandboxes that are connected already, and what parked containers were made with.
        "sandbox.network", "network.reachable", "network.subnet", "network.forwarding", "network.connections_per_sandbox", "network.pool_size", "network.plugins", "network.uplink_namespace",

        // The kernel was asked for wake-ups by it, once for each sandbox that runs.
        "memory.stall_threshold_ms", "memory.stall_window_ms",

        // Containers that are parked already were made with it, and a command can be given no more than its container has.
        "sandbox.capabilities", "sandbox.open_files", "sandbox.proc", "sandbox.user_namespace",
    };

    internal static ReloadEffect Of(string key) =>
        NeedRestart.Contains(key) ? ReloadEffect.Restart : ReloadEffect.AtOnce;
}
