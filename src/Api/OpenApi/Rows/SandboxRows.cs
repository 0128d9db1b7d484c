using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Sandboxes.</summary>
internal static class SandboxRows
{
    private const string Tag = "sandboxes";

    /// <summary>What a sandbox may reach.</summary>
    public static Schema Policy { get; } = Object(
        Has("mode", OneOf("open", "restricted", "none"), "open: all that is not protected; restricted: what allow names; none: nothing."),
        May("allow", Make.List(Text).Most(64),
            "Addresses, networks and names, with ports or without: 203.0.113.0/24, 203.0.113.7:443, [2001:db8::/32]:8000-8100, example.org, *.example.net:443."),
        May("deny", Make.List(Text).Most(64), "The same, names without ports, refused in every mode."));

    /// <summary>The members of a create; a step of a workflow has them too.</summary>
    public static IReadOnlyList<Member> CreateFields { get; } =
    [
        May("image", Text, "Blank: the setting pool.image."),
        May("labels", Labels.Most(64), "Keys of 1 to 128, values of up to 1024 characters. session_id is always overwritten."),
        May("memory_limit_mb", Int, "0 or below: the setting sandbox.memory_mb; else at least 16, at most the host budget."),
        May("confirm_low_memory", Bool, "Create although the host has less than 15 % of its memory available.", false),
        May("auto_expand_memory", Bool, "False turns growth off; true also sets the label of that name. Not sent: that label, then the setting memory.auto_grow."),
        May("image_pull_policy", Text.Like("^([Ww][Aa][Ii][Tt]|[Nn][Oo][Tt][Ii][Ff][Yy])$"), "wait, or notify: 409 instead of a pull.", "wait"),
        May("name", Text.Like("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"), "Unique in the session."),
        May("cpus", Number.AtLeast(0), "Cores; 0: the setting sandbox.cpus; else 0.05 to the host's cores."),
        May("pids_limit", Int.AtLeast(0).AtMost(65536), "0: 1024; else at least 16."),
        May("disk_limit_mb", Int.AtLeast(0), "0: no limit; else at least 64.", 0),
        May("network", new Schema { AnyOf = [OneOf("none", "bridge", "host"), Policy, Object(Has("mode", OneOf("host")))] },
            "none: loopback only. bridge: outgoing connections, as the settings network.mode and network.allow say; or a policy of its own. host: the host's own network, where the setting network.allow_host allows it. Not sent: the setting sandbox.network."),
        May("user", Text, "name, uid or uid:gid; not sent: the image's."),
        May("env", Labels.Most(128), "For every command; 64 KiB in all."),
        May("secrets", Labels.Most(128), "Variables for every command whose values are kept in memory alone and never shown; names as in env, 64 KiB in all. An addition of ours."),
        May("ttl_seconds", Int.AtLeast(1), "The sandbox is deleted that long after its creation, however busy."),
        May("runtime", OneOf("runc", "crun", "runsc", "kata"), "Not sent: the setting sandbox.runtime. One that is not installed is 400 unsupported_on_host."),
        May("read_only", Bool, "True: only /workspace, /tmp and /dev/shm can be written to. Not sent: false, or as the snapshot's sandbox has it."),
        May("memory_ceiling_mb", Int, "At least memory_limit_mb; not sent: the host budget."),
        May("on_oom", OneOf("report", "rollback"), "What happens when a command runs out of memory.", "report"),
        May("auto_snapshot", OneOf("off", "exec"), "exec: a snapshot before each command, where something has changed since the last one. Not sent: off, or as the snapshot's sandbox has it."),
        May("ports", Make.List(Int.AtLeast(1).AtMost(65_535)).Most(64), "Ports to declare."),
        May("snapshot_id", Text, "Files of that snapshot of this session; image is not looked at then."),
    ];

    public static IEnumerable<OperationRow> List() =>
    [
        new("POST", "/sandboxes", 5, Tag, "Create a sandbox")
        {
            Description = "The sandbox is running when the reply comes. On failure nothing is left behind. A create whose caller has gone is taken back, unless it has an Idempotency-Key.",
            Fields = CreateFields,
            Headers = [Shared.IdempotencyKey],
            Replies = [new(201, "The sandbox.", Ref("Sandbox"))],
            Errors =
            [
                "invalid_argument", "memory_over_budget", "unsupported_on_host", "forbidden", "snapshot_not_found", "image_pull_needed",
                "low_memory_confirmation_required", "name_in_use", "idempotency_conflict", "quota_exceeded", "rate_limited", "sandbox_start_failed",
                "image_pull_failed", "host_memory_low", "engine_unavailable", "image_pull_timeout", "disk_full",
            ],
            SpecialError = (409, "CreateConflict"),
            Example = """{"image":"python:3.11-slim","image_pull_policy":"notify","labels":{"task":"42"}}""",
        },
        new("GET", "/sandboxes", 6, Tag, "List the session's sandboxes, oldest first")
        {
            Replies = [new(200, "All of them.", Ref("Sandboxes"))],
        },
        new("GET", "/sandboxes/{id}", 7, Tag, "Show a sandbox")
        {
            Replies = [new(200, "The sandbox; exited when its processes are gone.", Ref("Sandbox"))],
        },
        new("PUT", "/sandboxes/{id}/secrets", 0, Tag, "Give a sandbox other secrets")
        {
            Description = "They replace all it has; {} takes them away. Commands that run keep theirs. After a reboot the values of a sandbox's secrets are gone, and this sets them anew.",
            Fields = [Has("secrets", Labels.Most(128), "As in a create.")],
            Replies = [new(200, "The sandbox, with the names.", Ref("Sandbox"))],
            Errors = ["bad_request", "invalid_argument", "sandbox_busy", "sandbox_start_failed"],
            Example = """{"secrets":{"API_TOKEN":"from-your-vault"}}""",
        },
        new("DELETE", "/sandboxes/{id}", 8, Tag, "Delete a sandbox")
        {
            Description = "Ends all commands, removes files, mounts, snapshots and full outputs. Records of commands stay in the history until retention.",
            Replies = [ReplyRow.Done],
        },
        new("POST", "/sandboxes/{id}/rollback", 11, Tag, "Put the files back to a snapshot")
        {
            Description = "Id, labels, limits, mounts, name, network and env stay as they are; commands that run become failed. The whole rollback happens, or none of it.",
            Fields =
            [
                Has("snapshot_id", Text),
                May("auto_expand", Bool, "One automatic growth step after the rollback; a refusal does not fail the call.", false),
            ],
            Replies = [new(200, "The sandbox, running.", Ref("RolledBackSandbox"))],
            Errors = ["bad_request", "snapshot_not_found", "sandbox_busy", "mount_source_missing", "rollback_failed", "engine_unavailable", "disk_full"],
            Example = """{"snapshot_id":"snap_a1b2c3d4e5f6"}""",
        },
        new("GET", "/sandboxes/{id}/network", 0, Tag, "Show what a sandbox may reach, and what was refused to it")
        {
            Replies = [new(200, "Its place in the network.", Ref("SandboxNetwork"))],
        },
        new("PUT", "/sandboxes/{id}/network", 0, Tag, "Change what a running sandbox may reach")
        {
            Description = "In one step, for open connections too. A sandbox made with network none or host has nothing to change.",
            Fields = Policy.Members!,
            Replies = [new(200, "Its place in the network.", Ref("SandboxNetwork"))],
            Errors = ["invalid_argument", "sandbox_busy"],
            Example = """{"mode":"restricted","allow":["203.0.113.0/24:443","*.example.com"]}""",
        },
        new("POST", "/sandboxes/{id}/undo", 0, Tag, "Go back to the files as they were before the latest changes")
        {
            Description = "Back to the snapshot that the files stand on where they differ from it, else to its parent; each further step goes to a parent. All else is as with a rollback.",
            Fields = [May("steps", Int.AtLeast(1).AtMost(100), "How many states to go back.", 1)],
            Replies = [new(200, "The sandbox, running.", Ref("RolledBackSandbox"))],
            Errors = ["invalid_argument", "nothing_to_undo", "sandbox_busy", "mount_source_missing", "rollback_failed", "engine_unavailable", "disk_full"],
            Example = """{"steps":2}""",
        },
        new("POST", "/sandboxes/{id}/fork", 37, Tag, "Make new sandboxes with the same files")
        {
            Description = "All or none. Processes and memory are not copied. Without snapshot_id a snapshot named fork is taken first and stays.",
            Fields =
            [
                May("snapshot_id", Text, "Not sent: the files as they are now."),
                May("count", Int.AtLeast(1), "At most the setting sandbox.max_fork_count.", 1),
            ],
            Headers = [Shared.IdempotencyKey],
            Replies = [new(201, "The forks, running.", Ref("Forks"))],
            Errors =
            [
                "invalid_argument", "snapshot_not_found", "sandbox_busy", "mount_source_missing", "idempotency_conflict", "quota_exceeded", "rate_limited",
                "sandbox_start_failed", "snapshot_failed", "host_memory_low", "engine_unavailable", "disk_full",
            ],
            Example = """{"count":2}""",
        },
    ];
}
