using System.Globalization;
using System.Net;
using Sleigh.Network;
using Sleigh.Runtime.Options;
using static Sleigh.Daemon.Configuration.SettingFactory;

namespace Sleigh.Daemon.Configuration;

/// <summary>All keys of the configuration. <c>docs/configuration.md</c> and <c>sleigh.yaml</c> list the same ones; tests compare.</summary>
internal static class SettingTable
{
    private const int Year = 365 * 24 * 3600;
    private const int ManyDays = 36500;
    private const int Many = 1_000_000;
    private const long Ki = 1024, Mi = Ki * 1024, Gi = Mi * 1024, Ti = Gi * 1024;

    // <state_dir>/slots/slot-0123456789ab/init.sock must fit into a socket's address.
    private const int MaxStateDir = 70;

    /// <summary>The keys, in the order of the documentation.</summary>
    internal static IReadOnlyList<Setting> All { get; } = [.. Folders(), .. Http(), .. Owners(), .. Sandboxes(), .. Network(), .. Extras(), .. Host(), .. Audit()];

    /// <summary>The keys by their names.</summary>
    internal static IReadOnlyDictionary<string, Setting> ByKey { get; } = All.ToDictionary(s => s.Key, StringComparer.Ordinal);

    /// <summary>Names of sections: what stands before the dot of a key.</summary>
    internal static IReadOnlyCollection<string> Sections { get; } =
        [.. All.Where(s => s.Key.Contains('.', StringComparison.Ordinal)).Select(s => s.Key[..s.Key.IndexOf('.', StringComparison.Ordinal)]).Distinct()];

    private static IEnumerable<Setting> Folders() =>
    [
        Text("data_dir", "an absolute path", SettingText.AbsolutePath, o => o.DataDir, (o, v) => o with { DataDir = v }),
        Text(
            "state_dir",
            $"an absolute path of at most {MaxStateDir} bytes",
            (string t, out string v) => SettingText.AbsolutePath(t, out v) && System.Text.Encoding.UTF8.GetByteCount(v) <= MaxStateDir,
            o => o.StateDir,
            (o, v) => o with { StateDir = v }),
    ];

    private static IEnumerable<Setting> Http() =>
    [
        new SingleSetting<IPEndPoint>(
            "http.listen",
            "an IP address and a port, such as 127.0.0.1:10122 or [::1]:10122",
            ListenAddress.TryParse,
            v => v.ToString(),
            o => o.Http.Listen,
            (o, v) => o with { Http = o.Http with { Listen = v } }),
        Secret("http.api_key", o => o.Http.ApiKey, (o, v) => o with { Http = o.Http with { ApiKey = v } }),
        new ListSetting<string>(
            "http.allowed_hosts",
            "a list of host names, such as [sleigh.example]",
            SettingText.HostName,
            v => v,
            o => o.Http.AllowedHosts,
            (o, v) => o with { Http = o.Http with { AllowedHosts = v } }),
        new ListSetting<string>(
            "http.allowed_origins",
            "a list of origins, each a scheme, a host and perhaps a port",
            SettingText.Origin,
            v => v,
            o => o.Http.AllowedOrigins,
            (o, v) => o with { Http = o.Http with { AllowedOrigins = v } }),
        Size("http.max_body_bytes", Ki, Gi, o => o.Http.MaxBodyBytes, (o, v) => o with { Http = o.Http with { MaxBodyBytes = v } }),
        Seconds("http.idempotency_ttl_seconds", 1, Year, o => o.Http.IdempotencyTtl, (o, v) => o with { Http = o.Http with { IdempotencyTtl = v } }),
        Int(
            "http.max_streams_per_session",
            1,
            Many,
            o => o.Http.MaxStreamsPerSession,
            (o, v) => o with { Http = o.Http with { MaxStreamsPerSession = v } }),
        Int("http.max_connections", 16, Many, o => o.Http.MaxConnections, (o, v) => o with { Http = o.Http with { MaxConnections = v } }),
        TextOrNone(
            "http.socket",
            $"an absolute path of at most {SettingText.MaxSocketPath} bytes",
            SettingText.SocketPath,
            o => o.Http.Socket,
            (o, v) => o with { Http = o.Http with { Socket = v } }),
        Text(
            "http.socket_group", "the name of a group", SettingText.GroupName, o => o.Http.SocketGroup, (o, v) => o with { Http = o.Http with { SocketGroup = v } }),
    ];

    private static IEnumerable<Setting> Owners() =>
    [
        SecondsOrNone("sessions.idle_ttl_seconds", 10 * Year, o => o.Sessions.IdleTtl, (o, v) => o with { Sessions = o.Sessions with { IdleTtl = v } }),
        Int(
            "sessions.max_issued_per_minute",
            1,
            Many,
            o => o.Sessions.MaxIssuedPerMinute,
            (o, v) => o with { Sessions = o.Sessions with { MaxIssuedPerMinute = v } }),
        IntOrNone(
            "limits.sandboxes_per_session",
            1,
            Many,
            o => o.Limits.SandboxesPerSession,
            (o, v) => o with { Limits = o.Limits with { SandboxesPerSession = v } }),
        IntOrNone(
            "limits.creates_per_minute_per_session",
            1,
            Many,
            o => o.Limits.CreatesPerMinutePerSession,
            (o, v) => o with { Limits = o.Limits with { CreatesPerMinutePerSession = v } }),
        IntOrNone(
            "limits.snapshots_per_sandbox",
            1,
            Many,
            o => o.Limits.SnapshotsPerSandbox,
            (o, v) => o with { Limits = o.Limits with { SnapshotsPerSandbox = v } }),
    ];

    private static IEnumerable<Setting> Sandboxes() =>
    [
        Int("sandbox.memory_mb", 16, 16 * Many, o => o.Sandbox.MemoryMb, (o, v) => o with { Sandbox = o.Sandbox with { MemoryMb = v } }),
        new SingleSetting<double?>(
            "sandbox.cpus",
            "0 or a number from 0.05 to 1024",
            ReadCpus,
            v => (v ?? 0).ToString(CultureInfo.InvariantCulture),
            o => o.Sandbox.Cpus,
            (o, v) => o with { Sandbox = o.Sandbox with { Cpus = v } }),
        Choice(
            "sandbox.network",
            o => o.Sandbox.Network,
            (o, v) => o with { Sandbox = o.Sandbox with { Network = v } }),
        Text(
            "sandbox.runtime",
            "runc; other classes are chosen at create",
            (string t, out string v) => (v = t) is "runc",
            o => o.Sandbox.Runtime,
            (o, v) => o with { Sandbox = o.Sandbox with { Runtime = v } }),
        DaysOrNone("sandbox.idle_ttl_days", ManyDays, o => o.Sandbox.IdleTtl, (o, v) => o with { Sandbox = o.Sandbox with { IdleTtl = v } }),
        Int("sandbox.max_fork_count", 1, 1000, o => o.Sandbox.MaxForkCount, (o, v) => o with { Sandbox = o.Sandbox with { MaxForkCount = v } }),
        new ListSetting<string>(
            "sandbox.capabilities",
            "a list of capability names without SYS_ADMIN, which could take a sandbox's tree off its root",
            SettingText.Capability,
            v => v[4..],
            o => o.Sandbox.Capabilities,
            (o, v) => o with { Sandbox = o.Sandbox with { Capabilities = v } }),
        Int("sandbox.open_files", 1024, 1_048_576, o => o.Sandbox.OpenFiles, (o, v) => o with { Sandbox = o.Sandbox with { OpenFiles = v } }),
        Choice("sandbox.proc", o => o.Sandbox.Proc, (o, v) => o with { Sandbox = o.Sandbox with { Proc = v } }),
        Choice("sandbox.user_namespace", o => o.Sandbox.UserNamespace, (o, v) => o with { Sandbox = o.Sandbox with { UserNamespace = v } }),
        Choice("sandbox.durability", o => o.Sandbox.Durability, (o, v) => o with { Sandbox = o.Sandbox with { Durability = v } }),
        Seconds("exec.max_wait_seconds", 1, Year, o => o.Exec.MaxWait, (o, v) => o with { Exec = o.Exec with { MaxWait = v } }),
        SecondsOrNone("exec.default_timeout_seconds", Year, o => o.Exec.DefaultTimeout, (o, v) => o with { Exec = o.Exec with { DefaultTimeout = v } }),
        Seconds("exec.kill_grace_seconds", 0, 3600, o => o.Exec.KillGrace, (o, v) => o with { Exec = o.Exec with { KillGrace = v } }),
        Size("exec.spool_max_bytes", 64 * Ki, Ti, o => o.Exec.SpoolMaxBytes, (o, v) => o with { Exec = o.Exec with { SpoolMaxBytes = v } }),
        Int(
            "exec.max_running_per_sandbox",
            1,
            10_000,
            o => o.Exec.MaxRunningPerSandbox,
            (o, v) => o with { Exec = o.Exec with { MaxRunningPerSandbox = v } }),
        Days("exec.history_days", 1, ManyDays, o => o.Exec.History, (o, v) => o with { Exec = o.Exec with { History = v } }),
        Flag("memory.auto_grow", o => o.Memory.AutoGrow, (o, v) => o with { Memory = o.Memory with { AutoGrow = v } }),
        Int("memory.min_mb", 1, Many, o => o.Memory.MinMb, (o, v) => o with { Memory = o.Memory with { MinMb = v } }),
        IntOrNone("memory.max_mb", 16, 16 * Many, o => o.Memory.MaxMb, (o, v) => o with { Memory = o.Memory with { MaxMb = v } }),
        Int("memory.max_step_mb", 1, 16 * Many, o => o.Memory.MaxStepMb, (o, v) => o with { Memory = o.Memory with { MaxStepMb = v } }),
        new SingleSetting<int?>(
            "memory.host_reserve_mb",
            $"auto or a whole number from 0 to {16 * Many}",
            ReadReserve,
            v => v?.ToString(CultureInfo.InvariantCulture) ?? "auto",
            o => o.Memory.HostReserveMb,
            (o, v) => o with { Memory = o.Memory with { HostReserveMb = v } }),
        new SingleSetting<double>(
            "memory.near_limit_some_avg10",
            "a number from 0 to 100",
            (string t, out double v) => SettingText.Number(t, out v) && v <= 100,
            v => v.ToString("0.0##", CultureInfo.InvariantCulture),
            o => o.Memory.NearLimitSomeAvg10,
            (o, v) => o with { Memory = o.Memory with { NearLimitSomeAvg10 = v } }),
        Milliseconds(
            "memory.stall_threshold_ms", 1, 10_000, o => o.Memory.StallThreshold, (o, v) => o with { Memory = o.Memory with { StallThreshold = v } }),
        Milliseconds("memory.stall_window_ms", 500, 10_000, o => o.Memory.StallWindow, (o, v) => o with { Memory = o.Memory with { StallWindow = v } }),
        SecondsOrNone(
            "memory.give_back_after_seconds", 86400, o => o.Memory.GiveBackAfter, (o, v) => o with { Memory = o.Memory with { GiveBackAfter = v } }),
        Flag("memory.squeeze_idle", o => o.Memory.SqueezeIdle, (o, v) => o with { Memory = o.Memory with { SqueezeIdle = v } }),
        DaysOrNone("snapshots.retention_days", ManyDays, o => o.Snapshots.Retention, (o, v) => o with { Snapshots = o.Snapshots with { Retention = v } }),
        Int("snapshots.auto_kept", 1, 10_000, o => o.Snapshots.AutoKept, (o, v) => o with { Snapshots = o.Snapshots with { AutoKept = v } }),
        Int("snapshots.max_per_sandbox", 0, Many, o => o.Snapshots.MaxPerSandbox, (o, v) => o with { Snapshots = o.Snapshots with { MaxPerSandbox = v } }),
        Text("pool.image", "the name of an image", SettingText.Word, o => o.Pool.Image, (o, v) => o with { Pool = o.Pool with { Image = v } }),
        Int("pool.size", 0, 1000, o => o.Pool.Size, (o, v) => o with { Pool = o.Pool with { Size = v } }),
        new SingleSetting<int?>(
            "pool.max_size",
            "auto or a whole number from 0 to 1000",
            ReadPoolMax,
            v => v?.ToString(CultureInfo.InvariantCulture) ?? "auto",
            o => o.Pool.MaxSize,
            (o, v) => o with { Pool = o.Pool with { MaxSize = v } }),
        Seconds("images.pull_timeout_seconds", 1, 86400, o => o.Images.PullTimeout, (o, v) => o with { Images = o.Images with { PullTimeout = v } }),
        new ListSetting<string>(
            "images.prefetch",
            "a list of names of images",
            SettingText.ImageName,
            v => v,
            o => o.Images.Prefetch,
            (o, v) => o with { Images = o.Images with { Prefetch = v } }),
        Int("images.parallel_layers", 1, 32, o => o.Images.ParallelLayers, (o, v) => o with { Images = o.Images with { ParallelLayers = v } }),
        TextOrNone(
            "images.docker_config",
            "an absolute path",
            SettingText.AbsolutePath,
            o => o.Images.DockerConfig,
            (o, v) => o with { Images = o.Images with { DockerConfig = v } }),
        DaysOrNone("images.unused_days", ManyDays, o => o.Images.UnusedTime, (o, v) => o with { Images = o.Images with { UnusedTime = v } }),
        new RegistriesSetting(),
    ];

    private static IEnumerable<Setting> Extras() =>
    [
        TextOrNone("mounts.root", "an absolute path", SettingText.AbsolutePath, o => o.Mounts.Root, (o, v) => o with { Mounts = o.Mounts with { Root = v } }),
        new ListSetting<string>(
            "mounts.rw_paths",
            "a list of paths below mounts.root",
            SettingText.RelativePath,
            v => v,
            o => o.Mounts.RwPaths,
            (o, v) => o with { Mounts = o.Mounts with { RwPaths = v } }),
        TextOrNone(
            "environments.root",
            "an absolute path",
            SettingText.AbsolutePath,
            o => o.Environments.Root,
            (o, v) => o with { Environments = o.Environments with { Root = v } }),
        TextOrNone(
            "ingress.domain",
            "a host name without a port, such as localhost or sandboxes.example.com",
            SettingText.DomainName,
            o => o.Ingress.Domain,
            (o, v) => o with { Ingress = o.Ingress with { Domain = v } }),
        new SingleSetting<Sleigh.Runtime.Options.PortRange?>(
            "ingress.tcp_ports",
            "none, or two port numbers, such as 30000-30099",
            ReadPorts,
            v => v?.ToString() ?? "none",
            o => o.Ingress.TcpPorts,
            (o, v) => o with { Ingress = o.Ingress with { TcpPorts = v } }),
        Secret("cursor.secret", o => o.Cursor.Secret, (o, v) => o with { Cursor = o.Cursor with { Secret = v } }),
        Seconds("cursor.ttl_seconds", 1, Year, o => o.Cursor.Ttl, (o, v) => o with { Cursor = o.Cursor with { Ttl = v } }),
        Secret("webhooks.hmac_secret", o => o.Webhooks.HmacSecret, (o, v) => o with { Webhooks = o.Webhooks with { HmacSecret = v } }),
        new ListSetting<IPNetwork>(
            "webhooks.blocked_networks",
            "a list of networks, such as [10.0.0.0/8, fe80::/10]",
            SettingText.Network,
            v => v.ToString(),
            o => o.Webhooks.BlockedNetworks,
            (o, v) => o with { Webhooks = o.Webhooks with { BlockedNetworks = v } }),
        Int("events.kept_per_session", 1, Many, o => o.Events.KeptPerSession, (o, v) => o with { Events = o.Events with { KeptPerSession = v } }),
        new SingleSetting<Uri?>(
            "alerts.webhook_url",
            "an http or https address",
            SettingText.WebAddress,
            v => v?.AbsoluteUri ?? "",
            o => o.Alerts.WebhookUrl,
            (o, v) => o with { Alerts = o.Alerts with { WebhookUrl = v } }),
        Seconds("maintenance.interval_seconds", 1, Year, o => o.Maintenance.Interval, (o, v) => o with { Maintenance = o.Maintenance with { Interval = v } }),
    ];

    private static IEnumerable<Setting> Network() =>
    [
        Choice("network.mode", o => o.Network.Mode, (o, v) => o with { Network = o.Network with { Mode = v } }),
        Entries(
            "network.allow",
            "with ports as in \"example.com:443\"",
            _ => true,
            o => EgressEntry.Of(o.Network.Allow, o.Network.AllowNames),
            (o, v, n) => o with { Network = o.Network with { Allow = v, AllowNames = n } }),
        Entries(
            "network.deny",
            "without ports",
            e => e.Name?.Ports is null,
            o => EgressEntry.Of(o.Network.Deny, o.Network.DenyNames),
            (o, v, n) => o with { Network = o.Network with { Deny = v, DenyNames = n } }),
        Rules("network.reachable", o => o.Network.Reachable, (o, v) => o with { Network = o.Network with { Reachable = v } }),
        Flag("network.allow_host", o => o.Network.AllowHost, (o, v) => o with { Network = o.Network with { AllowHost = v } }),
        new ListSetting<IPAddress>(
            "network.nameservers",
            "a list of addresses, such as [192.0.2.53]",
            (string t, out IPAddress v) => IPAddress.TryParse(t, out v!),
            v => v.ToString(),
            o => o.Network.Nameservers,
            (o, v) => o with { Network = o.Network with { Nameservers = v } }),
        new SingleSetting<IPNetwork>(
            "network.subnet",
            "an IPv4 network with a prefix of 8 to 29 bits, such as 10.87.0.0/16",
            (string t, out IPNetwork v) => SettingText.Network(t, out v) && v.PrefixLength is >= 8 and <= 29
                && v.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork && t == v.ToString(),
            v => v.ToString(),
            o => o.Network.Subnet,
            (o, v) => o with { Network = o.Network with { Subnet = v } }),
        Flag("network.forwarding", o => o.Network.Forwarding, (o, v) => o with { Network = o.Network with { Forwarding = v } }),
        IntOrNone(
            "network.connections_per_sandbox",
            16,
            Many,
            o => o.Network.ConnectionsPerSandbox,
            (o, v) => o with { Network = o.Network with { ConnectionsPerSandbox = v } }),
        Int("network.pool_size", 0, 1000, o => o.Network.PoolSize, (o, v) => o with { Network = o.Network with { PoolSize = v } }),
        Text("network.plugins", "an absolute path", SettingText.AbsolutePath, o => o.Network.Plugins, (o, v) => o with { Network = o.Network with { Plugins = v } }),
        TextOrNone(
            "network.uplink_namespace",
            "an absolute path",
            SettingText.AbsolutePath,
            o => o.Network.UplinkNamespace,
            (o, v) => o with { Network = o.Network with { UplinkNamespace = v } }),
    ];

    private static ListSetting<EgressEntry> Entries(
        string key, string ports, Func<EgressEntry, bool> isFit, Func<SleighOptions, IReadOnlyList<EgressEntry>> get,
        Func<SleighOptions, IReadOnlyList<EgressRule>, IReadOnlyList<NameRule>, SleighOptions> set) => new(
            key,
            $"a list of addresses, networks and names, such as [203.0.113.0/24, \"203.0.113.7:443\", \"[2001:db8::/32]:8000-8100\", example.org, \"*.example.net\"]; names {ports}",
            (string t, out EgressEntry v) => EgressEntry.TryParse(t, out v!, out _) && isFit(v),
            v => v.ToString(),
            get,
            (o, v) => set(o, [.. v.Select(e => e.Destination).OfType<EgressRule>()], [.. v.Select(e => e.Name).OfType<NameRule>()]));

    private static ListSetting<EgressRule> Rules(
        string key, Func<SleighOptions, IReadOnlyList<EgressRule>> get, Func<SleighOptions, IReadOnlyList<EgressRule>, SleighOptions> set) => new(
            key,
            "a list of addresses and networks, such as [203.0.113.0/24, \"203.0.113.7:443\", \"[2001:db8::/32]:8000-8100\"]",
            (string t, out EgressRule v) => EgressRule.TryParse(t, out v!),
            v => v.ToString(),
            get,
            set);

    private static IEnumerable<Setting> Host() =>
    [
        Choice("containerd.mode", o => o.Containerd.Mode, (o, v) => o with { Containerd = o.Containerd with { Mode = v } }),
        Text(
            "containerd.address",
            $"an absolute path of at most {SettingText.MaxSocketPath} bytes",
            SettingText.SocketPath,
            o => o.Containerd.Address,
            (o, v) => o with { Containerd = o.Containerd with { Address = v } }),
        Text(
            "containerd.binary",
            "an absolute path or the name of a program",
            SettingText.ProgramName,
            o => o.Containerd.Binary,
            (o, v) => o with { Containerd = o.Containerd with { Binary = v } }),
        Text(
            "containerd.runtime",
            "the name of a shim, such as io.containerd.runc.v2",
            SettingText.Word,
            o => o.Containerd.Runtime,
            (o, v) => o with { Containerd = o.Containerd with { Runtime = v } }),
        Text(
            "runtimes.crun",
            "an absolute path or the name of a program",
            SettingText.ProgramName,
            o => o.Runtimes.Crun,
            (o, v) => o with { Runtimes = o.Runtimes with { Crun = v } }),
        Text(
            "runtimes.runsc",
            "the name of a shim, such as io.containerd.runsc.v1",
            SettingText.Word,
            o => o.Runtimes.Runsc,
            (o, v) => o with { Runtimes = o.Runtimes with { Runsc = v } }),
        Text(
            "runtimes.kata",
            "the name of a shim, such as io.containerd.kata.v2",
            SettingText.Word,
            o => o.Runtimes.Kata,
            (o, v) => o with { Runtimes = o.Runtimes with { Kata = v } }),
        Choice("storage.driver", o => o.Storage.Driver, (o, v) => o with { Storage = o.Storage with { Driver = v } }),
        // mkfs.btrfs refuses anything below 109 MiB.
        Size("storage.pool_size", 128 * Mi, 1024 * 1024 * Ti, o => o.Storage.PoolSize, (o, v) => o with { Storage = o.Storage with { PoolSize = v } }),
        Flag("storage.soft_disk_limits", o => o.Storage.SoftDiskLimits, (o, v) => o with { Storage = o.Storage with { SoftDiskLimits = v } }),
        DaysOrNone("storage.scrub_interval_days", ManyDays, o => o.Storage.ScrubInterval, (o, v) => o with { Storage = o.Storage with { ScrubInterval = v } }),
        Text(
            "cgroup.subtree",
            "a path below the root of the cgroup hierarchy, such as sleigh or system.slice/sleigh-sandboxes.service",
            SettingText.CgroupPath,
            o => o.Cgroup.Subtree,
            (o, v) => o with { Cgroup = o.Cgroup with { Subtree = v } }),
        Text("init.path", "an absolute path", SettingText.AbsolutePath, o => o.Init.Path, (o, v) => o with { Init = o.Init with { Path = v } }),
        Choice("log.level", o => o.Log.Level, (o, v) => o with { Log = o.Log with { Level = v } }),
    ];

    private static IEnumerable<Setting> Audit() =>
    [
        Flag("audit.enabled", o => o.Audit.Enabled, (o, v) => o with { Audit = o.Audit with { Enabled = v } }),
        TextOrNone("audit.file", "an absolute path", SettingText.AbsolutePath, o => o.Audit.File, (o, v) => o with { Audit = o.Audit with { File = v } }),
        Size("audit.rotate_size", 64 * Ki, Ti, o => o.Audit.RotateSize, (o, v) => o with { Audit = o.Audit with { RotateSize = v } }),
        Int("audit.rotate_count", 1, 10_000, o => o.Audit.RotateCount, (o, v) => o with { Audit = o.Audit with { RotateCount = v } }),
        Flag("audit.commands", o => o.Audit.Commands, (o, v) => o with { Audit = o.Audit with { Commands = v } }),
        Choice("audit.on_failure", o => o.Audit.OnFailure, (o, v) => o with { Audit = o.Audit with { OnFailure = v } }),
    ];

    private static bool ReadCpus(string text, out double? cpus)
    {
        bool ok = SettingText.Number(text, out double number) && (number is 0 or (>= 0.05 and <= 1024));
        cpus = number == 0 ? null : number;
        return ok;
    }

    private static bool ReadPorts(string text, out Sleigh.Runtime.Options.PortRange? range) => Sleigh.Runtime.Options.PortRange.TryParse(text, out range) || text == "none";

    private static bool ReadPoolMax(string text, out int? size)
    {
        bool ok = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= 1000;
        size = ok ? number : null;
        return ok || text == "auto";
    }

    private static bool ReadReserve(string text, out int? reserve)
    {
        bool ok = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= 16 * Many;
        reserve = ok ? number : null;
        return ok || text == "auto";
    }
}
