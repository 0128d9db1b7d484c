using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Mounts, environments, reading and writing code, and workflows.</summary>
internal static class WorkRows
{
    private const string Mounts = "mounts and environments";
    private const string Code = "code";

    public static IEnumerable<OperationRow> List() =>
    [
        new("GET", "/sandboxes/{id}/mounts", 18, Mounts, "List the sandbox's mounts, oldest first")
        {
            Replies = [new(200, "All of them.", Ref("Mounts"))],
        },
        new("POST", "/sandboxes/{id}/mounts", 19, Mounts, "Mount a directory of the host")
        {
            Description = "Live: processes keep running and see the mount at once. It comes back after rollback and restart.",
            Fields =
            [
                Has("workspace_path", Text, "Under the mount zone; a leading / is dropped."),
                Has("container_path", Text, "Absolute; not / and not at or under /proc, /sys, /dev."),
                May("mode", OneOf("ro", "rw"), "rw only where the operator allows it.", "ro"),
            ],
            Replies = [new(201, "The mount.", Ref("Mount"))],
            Errors =
            [
                "bad_request", "invalid_argument", "path_not_allowed", "mount_rw_not_allowed", "host_path_not_found", "mount_exists",
                "container_path_conflict", "sandbox_busy", "sandbox_start_failed", "zone_unavailable", "engine_unavailable",
            ],
            Example = """{"workspace_path":"/genome","container_path":"/data"}""",
        },
        new("DELETE", "/sandboxes/{id}/mounts/{mountId}", 20, Mounts, "Take a mount away")
        {
            Description = "Live: processes keep running; a file that is open stays usable.",
            Replies = [ReplyRow.Done],
            Errors = ["sandbox_busy"],
        },
        new("GET", "/mounts/workspaces", 21, Mounts, "List what can be mounted")
        {
            Replies = [new(200, "The first level of the zone.", Ref("Zone"))],
            Errors = ["zone_unavailable"],
        },
        new("GET", "/environments/workspaces", 22, Mounts, "List what can be copied")
        {
            Replies = [new(200, "The first level of the zone.", Ref("Zone"))],
            Errors = ["zone_unavailable"],
        },
        new("POST", "/sandboxes/{id}/environment/copy", 23, Mounts, "Copy an environment into the sandbox")
        {
            Description = "Merges the contents of the directory into sandbox_path and overwrites files of the same name.",
            Fields =
            [
                May("environment_path", Text, "Under the environment zone; required, here or as workspace_path."),
                May("workspace_path", Text, "Another name for environment_path."),
                Has("sandbox_path", Text, "Absolute; not / and not at or under /proc, /sys, /dev."),
            ],
            Replies = [new(200, "Copied.", Ref("CopiedEnvironment"))],
            Errors =
            [
                "bad_request", "path_not_allowed", "host_path_not_found", "sandbox_busy", "sandbox_start_failed", "copy_failed", "zone_unavailable",
                "engine_unavailable", "disk_full",
            ],
            Example = """{"environment_path":"/py-ml","sandbox_path":"/opt/env"}""",
        },
        new("POST", "/sandboxes/{id}/ops/read", 24, Code, "Run a program that only reads")
        {
            Description = "Nothing may be written or executed: options and scripts that could are refused before anything runs. Finding nothing is status ok with exit_code 1.",
            Fields =
            [
                Has("command", OneOf("cat", "sed", "head", "tail", "ls", "tree", "grep", "rg", "find", "fd", "wc", "stat")),
                May("args", Make.List(Text), "Passed one by one, without a shell."),
                May("cwd", Text, "Absolute, or relative to the image's directory."),
                May("timeout_seconds", Int, "0 or below: 10; at most 300.", 10),
                May("max_output_bytes", Int, "Per stream; at most 8 MiB.", 262_144),
                May("max_lines", Int, "0: no limit.", 0),
                May("output_offset", Int, "Skips that many bytes of stdout.", 0),
            ],
            Replies = [new(200, "What it printed.", Ref("ReadResult"))],
            Errors =
            [
                "bad_request", "invalid_argument", "unsupported_read_command", "read_only_violation", "quota_exceeded", "sandbox_start_failed",
                "engine_unavailable", "disk_full",
            ],
            Example = """{"command":"grep","args":["-n","TODO","/app/main.py"]}""",
        },
        new("POST", "/sandboxes/{id}/ops/code/write", 25, Code, "Edit or write a file, check it, build")
        {
            Description = "A failed edit is 200 with status error. Checks run inside the sandbox with its own tools. With post_exec_command the reply is a command's.",
            Fields =
            [
                Has("sandbox_path", Text, "Absolute path of a file inside the sandbox."),
                May("write_mode", Text, "context_edit, or replace_file (also rewrite, overwrite).", "context_edit"),
                May("old_text", Text, "Of context_edit: what is replaced."),
                May("new_text", Text, "Of context_edit: what comes in its place; empty deletes."),
                May("before_context", Text, "Text before old_text, matched and kept."),
                May("after_context", Text, "Text after old_text, matched and kept."),
                May("occurrence", Int, "From 1; not sent: there must be one match only."),
                May("content", Text, "Of replace_file: the whole file."),
                May("build_language", OneOf("go", "golang", "python", "py", "node", "javascript", "js", "typescript", "ts", "rust", "java")),
                May("post_exec_command", Text, "Runs after the write; no checks, no build."),
                May("post_exec_wait_timeout_seconds", Int, "Not sent: 202 at once."),
                May("timeout_seconds", Int, "Of write, checks, build and wait together.", 120),
                May("max_output_bytes", Int, null, 131_072),
                May("max_lines", Int, null, 500),
                May("revert_on_failure", Bool, "Puts the old file back when a check or the build fails.", false),
            ],
            Replies =
            [
                new(200, "The edit's result; with post_exec_command the command's.", new Schema { AnyOf = [Ref("WriteResult"), Ref("WrittenExecResult")] }),
                new(202, "With post_exec_command and no wait: the command's first record.", Ref("WrittenExecResult")),
            ],
            Errors =
            [
                "bad_request", "invalid_argument", "path_not_allowed", "unsupported_build_language", "secrets_lost", "sandbox_busy", "quota_exceeded",
                "sandbox_start_failed", "engine_unavailable", "disk_full",
            ],
            Example = """{"sandbox_path":"/app/main.py","old_text":"x = 1","new_text":"x = 2"}""",
        },
        new("POST", "/workflow/run", 26, "workflow", "Run steps one after the other")
        {
            Description = "200 whatever the steps did. A failing step ends the run unless it has continue_on_error. $created and $snapshot stand for what an earlier step made.",
            Fields = [Has("steps", Make.List(Object(StepFields())).Most(100))],
            Replies = [new(200, "What each step did.", Ref("WorkflowResult"))],
            Errors = ["bad_request", "invalid_argument"],
            Example = """{"steps":[{"action":"create_sandbox"},{"action":"exec_command","sandbox_id":"$created","command":"true"}]}""",
        },
    ];

    private static IEnumerable<Member> StepFields()
    {
        Member[] own =
        [
            Has("action", Text, "create_sandbox, exec_command, create_snapshot, rollback_snapshot or delete_sandbox, or a short form of these."),
            May("sandbox_id", Text, "Blank or $created: the sandbox made by the latest create step here."),
            May("continue_on_error", Bool, null, false),
        ];
        IEnumerable<Member> all = own.Concat(ExecRows.StartFields(wait: true)).Concat(SnapshotRows.Fields).Concat(SandboxRows.CreateFields);
        return all.DistinctBy(m => m.Name);
    }
}
