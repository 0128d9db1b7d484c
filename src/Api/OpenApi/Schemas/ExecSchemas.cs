using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Commands and their output: sections 3.3, 3.4 and 7.4 of the contract.</summary>
internal static class ExecSchemas
{
    private static readonly Member[] Head =
    [
        Has("id", Id("exec")),
        Has("sandbox_id", Id("sbx")),
        Has("status", OneOf("running", "cancelling", "succeeded", "failed", "cancelled"), "The last three are final."),
        May("exit_code", Int, "The shell's own status, 128 + n when a signal ended it."),
        May("error", Text),
        May("timed_out", Bool, "True when timeout_seconds ended it."),
        May("recovery", Text, "What the server did about memory during the command."),
        May("oom", Ref("Oom")),
        May("snapshot_before", Id("snap"), "With auto_snapshot: the snapshot that holds the files as they were before it. It may have been deleted since."),
        May("disk", Ref("DiskFull")),
        Has("started_at", Seconds),
        May("completed_at", Seconds),
        Has("origin", OneOf("exec", "ops_read", "code_write", "workflow")),
        May("usage", Ref("Usage")),
        May("webhook_subscription", Ref("WebhookSubscription"), "In the reply to a start with webhook_url."),
        Has("stdout_bytes", Count, "Bytes written so far, all of them."),
        Has("stderr_bytes", Count),
    ];

    private static readonly Member[] Tail =
    [
        Has("stdout", Text, "The last 3000 code points; while it runs, of what has been written so far."),
        Has("stderr", Text),
    ];

    public static IEnumerable<(string Name, Schema Schema)> List() =>
    [
        ("ExecResult", Object([.. Head, .. Tail]) with { Description = "A command. Its text is never returned." }),
        ("ExecSummary", Object(Head) with { Description = "A command without its output." }),
        ("WrittenExecResult", Object(
        [
            .. Head,
            May("write", Object(
                Has("status", OneOf("ok", "error")), Has("applied_files", Make.List(Text)), Has("sandbox_path", Text), Has("bytes_written", Count))),
            .. Tail,
        ])),
        ("Usage", Object(
            May("memory_peak_bytes", Count),
            May("cpu_usec", Count),
            Has("wall_ms", Count),
            May("stall_usec", Count, "Time stalled for memory."),
            May("io_read_bytes", Count),
            May("io_write_bytes", Count)) with { Description = "Of the command and all its children. A figure the kernel cannot give is left out." }),
        ("Oom", Object(
            Has("killed", Bool, "False: the limit was hit after growth was refused, and the command lived."),
            Has("limit_bytes", Count),
            May("peak_bytes", Count),
            Has("growth_attempts", Count),
            Has("advice", Text))),
        ("DiskFull", Object(
            Has("limit_mb", Count),
            Has("used_mb", Count),
            Has("full", Bool, "Always true."),
            Has("advice", Text)) with { Description = "The command failed while its sandbox was at its disk_limit_mb." }),
        ("WebhookSubscription", Object(
            May("created", Bool), May("duplicate_ignored", Bool), May("delivered_immediately", Bool), May("exec_status", Text), May("error", Text))),
        ("WebhookSubscribed", Object(
            Has("status", OneOf("ok")),
            Has("created", Bool),
            Has("duplicate_ignored", Bool),
            Has("delivered_immediately", Bool),
            Has("exec_status", Text),
            Has("sandbox_id", Id("sbx")),
            Has("exec_id", Id("exec")),
            Has("webhook_url", Text))),
        ("Output", Object(
            Has("exec_id", Id("exec")),
            Has("stream", OneOf("stdout", "stderr")),
            Has("offset", Count),
            Has("next_offset", Count),
            Has("total_bytes", Count, "All that was written."),
            Has("stored_bytes", Count, "What is kept on disk."),
            Has("eof", Bool, "The command is final and next_offset is stored_bytes."),
            Has("encoding", OneOf("utf8", "base64")),
            Has("data", Text))),
        ("ExecHistory", Object(
            Has("items", Make.List(Ref("ExecResult")), "Newest first."),
            May("next_cursor", Text, "Only when more follow."))),
    ];
}
