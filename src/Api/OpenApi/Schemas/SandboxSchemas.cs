using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Sandboxes, sessions, and the pool: sections 3.1 and 3.5 of the contract.</summary>
internal static class SandboxSchemas
{
    private static readonly string[] PhaseNames = ["admission", "image", "rootfs", "network", "create", "start"];

    private static readonly Member[] Facts =
    [
        Has("sandbox_id", Id("sbx")),
        Has("image", Text, "The image's name as the caller wrote it, or the default; never changes."),
        Has("status", OneOf("created", "running", "paused", "exited")),
        Has("labels", Labels, "The caller's labels and session_id, the id of the session."),
        Has("created", Millis),
        Has("memory_limit_mb", Count, "The limit in force now; grows."),
        May("startup_latency_ms", Count, "In create and fork replies: the whole call."),
        May("image_pull_triggered", Bool, "In create replies, when the image had to be pulled."),
        May("image_pull_status", OneOf("completed")),
        May("image_pull_duration_ms", Count),
        Has("session_id", Id("sid")),
        May("name", Text),
        Has("auto_expand_memory", Bool, "Whether automatic growth is in force."),
        Has("memory_ceiling_mb", Count, "Growth never passes this."),
        Has("on_oom", OneOf("report", "rollback")),
        May("auto_snapshot", OneOf("exec"), "A snapshot is taken before each command where something has changed; left out when that is off."),
        May("cpus", Number, "CPU limit in cores; left out when there is none."),
        Has("pids_limit", Count),
        May("disk_limit_mb", Count),
        May("disk_limit_kind", OneOf("hard", "soft"), "hard: the kernel refuses writes beyond the limit. soft: the daemon looks at what the sandbox holds, and ends its commands when it is over."),
        Has("network", OneOf("none", "bridge", "host"), "none: loopback only. bridge: outgoing connections. host: the host's own network, where nothing is held back."),
        May("egress", SandboxRows.Policy, "What it may reach; left out where it has loopback only, or the host's network."),
        May("refused_packets", Count, "Packets that were refused to it since it got its addresses, a few seconds old; left out when there are none."),
        Has("runtime", Text),
        May("read_only", Bool, "True: /workspace and /tmp are all that can be written to."),
        May("ports", Make.List(Int.AtLeast(1).AtMost(65_535)), "The declared ports, in order; left out when there are none."),
        May("user", Text, "Default user of commands; left out when it is the image's."),
        May("secret_names", Make.List(Text), "The names of its secrets; the values are never shown."),
        May("secrets_lost", Bool, "True when the values are gone, as after a reboot: commands must bring them, or they must be set anew."),
        May("base_snapshot_id", Id("snap"), "The snapshot that the present files stand on."),
        May("parent", Object(Has("sandbox_id", Id("sbx")), Has("snapshot_id", Id("snap"))), "Of a fork, or of a create from a snapshot."),
        Has("last_used_at", Millis),
        May("expires_at", Millis, "With ttl_seconds."),
        May("source", OneOf("pool", "cold"), "In create replies: a parked container, or a fresh one."),
        May("phases_ms", Ref("Phases"), "In create and fork replies."),
        May("isolation", Ref("Isolation"), "When one sandbox is shown, and something of it runs."),
    ];

    public static IEnumerable<(string Name, Schema Schema)> List() =>
    [
        ("Sandbox", Object(Facts) with { Description = "A sandbox. Environment values given at create are never returned." }),
        ("SandboxNetwork", Object(
            Has("sandbox_id", Id("sbx")), Has("network", OneOf("none", "bridge", "host")), May("mode", OneOf("open", "restricted", "none")), May("allow", Make.List(Text)),
            May("deny", Make.List(Text)), May("addresses", Make.List(Text), "Left out while it does not run, or has loopback only or the host's network."),
            Has("refused_packets", Count, "Since it got these addresses."), Has("refused_by", Ref("RefusedPackets")),
            Has("refused_names", Count, "Questions for names that the policy does not allow, since the daemon's start."),
            Has("withheld_addresses", Count, "Addresses left out of answers for names: protected ones, and those that were too many; since the daemon's start."))),
        ("RefusedPackets", Object(
            Has("denied", Count, "A denial names where they went."), Has("protected", Count, "They went to the host, to other sandboxes, to private networks or the like."),
            Has("not_allowed", Count, "The mode does not let them through."), Has("connections", Count, "The sandbox had as many connections as it may have."))
            with { Description = "Refused packets by reason." }),
        ("RolledBackSandbox", Object(
        [
            .. Facts,
            Has("rolled_back_to", Id("snap")),
            Has("duration_ms", Count),
            Has("ended_exec_ids", Make.List(Id("exec")), "The commands that the rollback ended."),
            May("memory_growth", Ref("ExpandResult"), "When auto_expand was sent."),
        ])),
        ("Phases", Object(PhaseNames.Select(p => Has(p, Count)))
            with { Description = "Where the time of a create went, in whole milliseconds." }),
        ("Isolation", Object(
            Has("capabilities", Make.List(Text), "Of commands that run as root; those of other users have none."),
            Has("no_new_privileges", Bool, "Setuid bits and file capabilities mean nothing."),
            Has("seccomp", Object(Has("filter", Bool), Has("denied", Make.List(Text), "Families of system calls that are refused."))),
            Has("masked_paths", Make.List(Text), "Nothing is to be read there."),
            Has("read_only_paths", Make.List(Text)),
            Has("namespaces", Make.List(Text), "Kinds of which the sandbox has one of its own."),
            Has("network_namespace", Object(Has("own", Bool), May("reason", Text, "Why not: its network is the host's."))),
            Has("user_namespace", Object(
                Has("own", Bool), May("reason", Text, "Why not."),
                May("host_ids", Object(Has("first", Count, "What root inside is outside."), Has("count", Count)), "The host's users and groups that those inside are."))),
            Has("proc", Object(
                Has("source", OneOf("generated", "lxcfs", "host"), "Who tells the sandbox of its machine: files of the daemon's, lxcfs, or the host's own figures."),
                Has("files", Make.List(Text), "Files that tell of the sandbox's limits and not of the host."))),
            Has("limits", Object(
                Has("memory_mb", Count), May("cpus", Number), Has("pids", Count), May("disk_mb", Count), May("open_files", Count, "Of one process."))))
            with { Description = "What keeps the sandbox apart from the host, as the kernel has it now." }),
        ("Forks", Object(Has("snapshot_id", Id("snap")), Has("items", Make.List(Ref("Sandbox"))))),
        ("Sandboxes", Items("Sandbox")),
        ("IssuedToken", Object(
            Has("session_token", Text.Like("^sess_[0-9a-f]{32}$"), "The secret; shown only here."),
            Has("issued_at", Seconds),
            Has("session_id", Id("sid")),
            May("expires_at", Millis),
            Has("idle_ttl_seconds", Count, "0: never expires."))),
        ("Session", Object(
            Has("session_id", Id("sid")),
            Has("created_at", Millis),
            Has("last_used_at", Millis),
            May("expires_at", Millis),
            Has("idle_ttl_seconds", Count),
            Has("sandboxes", Count),
            Has("running_execs", Count),
            May("administrator", Bool, "True for the session of the administrator's socket."))),
        ("WarmPool", Object(
            Has("enabled", Bool, "target_size is above 0."),
            Has("target_size", Count),
            Has("available", Count, "Members that are ready now."),
            Has("image", Text),
            Has("memory_mb", Count),
            Has("hits", Count, "Creates that got a parked container."),
            Has("misses", Count),
            Has("refill_total", Count, "Members ever made."))),
    ];
}
