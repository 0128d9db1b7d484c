namespace Sleigh.Daemon.Configuration;

/// <summary>Which keys a reload can put in force. <c>docs/configuration.md</c> lists the same; a test compares.</summary>
internal static class ReloadTable
{
    private static readonly HashSet<string> NeedRestart = new(StringComparer.Ordinal)
    {
        // Where things lie, and what is open from the start on.
        "data_dir", "state_dir", "http.listen", "http.socket", "http.socket_group", "containerd.mode", "containerd.address", "containerd.binary",
        "containerd.runtime", "storage.driver", "storage.pool_size", "cgroup.subtree", "init.path",

        // Containers that are parked already were made with it, and a command can be given no more than its container has.
        "sandbox.capabilities",
    };

    private static readonly HashSet<string> NotUsed = new(StringComparer.Ordinal)
    {
        "exec.history_days", "memory.min_mb", "memory.max_step_mb", "memory.near_limit_some_avg10", "snapshots.retention_days", "mounts.root",
        "mounts.rw_paths", "environments.root", "cursor.secret", "cursor.ttl_seconds", "webhooks.hmac_secret", "webhooks.blocked_networks",
        "alerts.webhook_url",
    };

    internal static ReloadEffect Of(string key) =>
        NeedRestart.Contains(key) ? ReloadEffect.Restart : NotUsed.Contains(key) ? ReloadEffect.Unused : ReloadEffect.AtOnce;
}
