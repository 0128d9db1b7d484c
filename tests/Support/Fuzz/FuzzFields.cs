namespace Sleigh.TestSupport;

/// <summary>The members that bodies may have, and values that fit them, so that generated bodies get past the first check.</summary>
public static class FuzzFields
{
    private static readonly string[] Create =
    [
        "image", "labels", "memory_limit_mb", "confirm_low_memory", "auto_expand_memory", "image_pull_policy", "name", "cpus", "pids_limit",
        "disk_limit_mb", "network", "user", "env", "secrets", "ttl_seconds", "runtime", "read_only", "memory_ceiling_mb", "on_oom", "auto_snapshot", "ports", "snapshot_id",
    ];

    private static readonly string[] Exec =
    [
        "command", "argv", "wait", "wait_timeout_seconds", "webhook_url", "timeout_seconds", "cwd", "env", "secrets", "user", "stdin", "terminal", "stdin_stream",
    ];

    /// <summary>Members by endpoint; an endpoint that takes a body must stand here.</summary>
    public static IReadOnlyDictionary<string, string[]> ByEndpoint { get; } = new Dictionary<string, string[]>
    {
        ["POST sessions/token"] = [],
        ["POST sandboxes"] = Create,
        ["POST sandboxes/{id}/exec"] = Exec,
        ["PUT sandboxes/{id}/secrets"] = ["secrets"],
        ["POST sandboxes/{id}/exec/{execId}/cancel"] = [],
        ["POST sandboxes/{id}/snapshots/{snapshotId}/restore"] = ["paths", "delete_added"],
        ["POST sandboxes/{id}/snapshots"] = ["name", "comment", "keep"],
        ["POST sandboxes/{id}/snapshots/{snapshotId}/keep"] = ["keep"],
        ["POST sandboxes/{id}/undo"] = ["steps"],
        ["POST sandboxes/{id}/rollback"] = ["snapshot_id", "auto_expand"],
        ["POST sandboxes/{id}/fork"] = ["snapshot_id", "count"],
        ["POST sandboxes/{id}/memory/expand"] = ["target_mb", "auto_expand"],
        ["POST webhooks/exec/subscribe"] = ["sandbox_id", "exec_id", "webhook_url"],
        ["POST sandboxes/{id}/mounts"] = ["workspace_path", "container_path", "mode"],
        ["PUT sandboxes/{id}/ports/{port}"] = ["listen"],
        ["POST sandboxes/{id}/links"] = ["port", "expires_in_seconds", "path"],
        ["POST sandboxes/{id}/environment/copy"] = ["environment_path", "workspace_path", "sandbox_path"],
        ["POST sandboxes/{id}/ops/read"] =
            ["read_command", "args", "cwd", "timeout_seconds", "max_output_bytes", "max_lines", "output_offset"],
        ["POST sandboxes/{id}/ops/code/write"] =
        [
            "sandbox_path", "write_mode", "old_text", "new_text", "before_context", "after_context", "occurrence", "content", "build_language",
            "post_exec_command", "post_exec_wait_timeout_seconds", "timeout_seconds", "max_output_bytes", "max_lines", "revert_on_failure",
        ],
        ["POST workflow/run"] = ["steps"],
        ["POST maintenance/exec-tasks/cleanup"] = [],
        ["POST warm-pool/refill"] = [],
        ["PUT sandboxes/{id}/files"] = [],
        ["PUT sandboxes/{id}/files/archive"] = [],
        ["POST admin/config/reload"] = [],
        ["POST admin/images/import"] = [],
        ["POST admin/images/bootstrap"] = ["name", "suite", "include"],
        ["POST admin/images/pull"] = ["name", "platform"],
        ["POST admin/webhooks/{delivery}/retry"] = [],
        ["POST admin/fsck"] = [],
        ["POST admin/storage/grow"] = ["bytes"],
        ["POST admin/images/prune"] = ["unused_for_seconds", "dry_run"],
        ["POST admin/snapshots/{snapshot}/image"] = ["name"],
    };

    /// <summary>Values that pass, or nearly do. <c>{S}</c>, <c>{E}</c> and <c>{P}</c> become ids.</summary>
    public static IReadOnlyDictionary<string, string[]> Fitting { get; } = new Dictionary<string, string[]>
    {
        ["image"] = ["\"busybox\"", "\"busybox\"", "\"no-such:1\""],
        ["labels"] = ["{\"a\":\"b\"}", "{\"auto_expand_memory\":\"true\"}", "{\"sleigh.priority\":\"5\"}"],
        ["memory_limit_mb"] = ["64", "0", "15"],
        ["confirm_low_memory"] = ["true"],
        ["auto_expand_memory"] = ["true", "false"],
        ["image_pull_policy"] = ["\"notify\"", "\"NOTIFY\""],
        ["name"] = ["\"a-b\"", "\"x\""],
        ["cpus"] = ["0.5", "1"],
        ["pids_limit"] = ["64"],
        ["disk_limit_mb"] = ["0"],
        ["network"] = ["\"none\""],
        ["user"] = ["\"0:0\"", "\"root\"", "\"1000\""],
        ["env"] = ["{\"A\":\"b\"}", "{}"],
        ["secrets"] = ["{\"B\":\"c\"}", "{}"],
        ["ttl_seconds"] = ["60"],
        ["runtime"] = ["\"runc\""],
        ["read_only"] = ["true"],
        ["memory_ceiling_mb"] = ["512"],
        ["paths"] = ["[\"/etc/hostname\"]", "[\"/a\",\"/b/c\"]"],
        ["delete_added"] = ["true", "false"],
        ["on_oom"] = ["\"report\"", "\"rollback\""],
        ["auto_snapshot"] = ["\"exec\"", "\"off\""],
        ["ports"] = ["[8080]", "[0]", "[80,80]"],
        ["listen"] = ["true", "false"],
        ["port"] = ["8080", "65536"],
        ["expires_in_seconds"] = ["60", "0"],
        ["path"] = ["\"/\"", "\"/a?b=c\"", "\"a\""],
        ["keep"] = ["true", "false"],
        ["snapshot_id"] = ["\"{P}\"", "\"snap_000000000000\"", "\"$snapshot\""],
        ["command"] = ["\"true\"", "\"echo a; exit 3\""],
        ["argv"] = ["[\"true\"]", "[\"/no/such\",\"\"]"],
        ["wait"] = ["true", "false"],
        ["wait_timeout_seconds"] = ["1", "0", "-1"],
        ["webhook_url"] = ["\"http://127.0.0.1:9/h\"", "\"x\"", "\"http://169.254.1.1/\""],
        ["timeout_seconds"] = ["1", "0"],
        ["cwd"] = ["\"/\"", "\"/tmp\"", "\"tmp\""],
        ["stdin"] = ["\"a\\nb\"", "\"\""],
        ["terminal"] = ["{\"rows\":24,\"columns\":80}", "{\"rows\":0}"],
        ["stdin_stream"] = ["true", "false"],
        ["comment"] = ["\"c\""],
        ["count"] = ["1", "2", "0", "65"],
        ["auto_expand"] = ["true", "false"],
        ["target_mb"] = ["128", "63", "-1"],
        ["sandbox_id"] = ["\"{S}\"", "\"sbx_000000000000\"", "\"$created\""],
        ["exec_id"] = ["\"{E}\"", "\"exec_000000000000\""],
        ["workspace_path"] = ["\"/\"", "\"/../x\"", "\"a\""],
        ["container_path"] = ["\"/data\"", "\"/proc/x\"", "\"/\""],
        ["mode"] = ["\"ro\"", "\"rw\""],
        ["environment_path"] = ["\"/\"", "\"/../x\""],
        ["sandbox_path"] = ["\"/tmp/f.py\"", "\"/tmp\"", "\"/dev/x\"", "\"/\""],
        ["read_command"] = ["\"ls\"", "\"cat\"", "\"sed\"", "\"sort\""],
        ["args"] = ["[]", "[\"/etc/passwd\"]", "[\"-i\",\"s/a/b/\"]"],
        ["bytes"] = ["1048576", "1"],
        ["max_output_bytes"] = ["10", "0"],
        ["max_lines"] = ["1", "0"],
        ["output_offset"] = ["0", "1", "-1"],
        ["write_mode"] = ["\"context_edit\"", "\"replace_file\"", "\"REWRITE\""],
        ["old_text"] = ["\"a\"", "\" \""],
        ["new_text"] = ["\"b\"", "\"\""],
        ["before_context"] = ["\"a\"", "\"\""],
        ["after_context"] = ["\"\"", "\"b\""],
        ["occurrence"] = ["1", "0", "9"],
        ["content"] = ["\"x = 1\\n\"", "\"\""],
        ["build_language"] = ["\"python\"", "\"cobol\""],
        ["post_exec_command"] = ["\"true\""],
        ["post_exec_wait_timeout_seconds"] = ["1", "0"],
        ["revert_on_failure"] = ["true", "false"],
        ["steps"] =
        [
            "1", "100",
            "[{\"action\":\"exec\",\"sandbox_id\":\"{S}\",\"command\":\"true\"}]", "[{\"action\":\"snapshot\",\"sandbox_id\":\"{S}\"},{\"action\":\"rollback\",\"sandbox_id\":\"{S}\",\"snapshot_id\":\"$snapshot\"}]",
            "[{\"action\":7}]", "[{}]", "[[]]", "[]", "[null]", "[{\"action\":\"create\",\"cpus\":\"x\"}]", "[{\"action\":\"delete\",\"sandbox_id\":\"$created\"}]",
        ],
        ["suite"] = ["\"bookworm\""],
        ["include"] = ["[\"python3\"]"],
        ["platform"] = ["\"linux/amd64\""],
        ["unused_for_seconds"] = ["0", "60"],
        ["dry_run"] = ["true"],
    };
}
