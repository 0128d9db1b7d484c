using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Commands.</summary>
internal static class ExecRows
{
    private const string Tag = "commands";

    private static readonly Schema Encoding = OneOf("utf8", "base64");

    /// <summary>Members of a start that a step of a workflow has too.</summary>
    public static IReadOnlyList<Member> StartFields(bool wait) =>
    [
        May("command", Text, "Run by sh -lc. Trimmed; at most 120,000 bytes."),
        May("wait", Bool, "Answer when the command has ended.", wait),
        May("wait_timeout_seconds", Int, "0 or below: 10; above the setting exec.max_wait_seconds: that.", 10),
        May("webhook_url", Text, "Told when the command has ended."),
        May("timeout_seconds", Int.AtLeast(0), "Ends the whole process tree; 0: the setting exec.default_timeout_seconds."),
        May("cwd", Text.Like("^/"), "Absolute; not sent: the image's."),
        May("env", Labels.Most(128), "Added to the sandbox's."),
        May("secrets", Labels.Most(128), "Variables whose values are never recorded or shown; added to the sandbox's, and stronger than env. An addition of ours."),
        May("user", Text, "name, uid or uid:gid; not sent: the sandbox's."),
        May("stdin", Text, "Up to 1 MiB, then end of input."),
    ];

    public static IEnumerable<OperationRow> List() =>
    [
        new("POST", "/sandboxes/{id}/exec", 12, Tag, "Run a command")
        {
            Description = "No state is shared between commands but the files. When a wait is over, the reply is 200 with status running, and the command goes on.",
            Fields =
            [
                .. StartFields(wait: false),
                May("argv", Make.List(Text).Most(1024), "Instead of command, without a shell. An addition of ours."),
                May("terminal", Object(
                    May("rows", Int.AtLeast(1).AtMost(65535), null, 24), May("columns", Int.AtLeast(1).AtMost(65535), null, 80)),
                    "Run with a terminal of this size; for attach. An addition of ours."),
                May("stdin_stream", Bool, "Input comes over attach. An addition of ours.", false),
            ],
            Headers = [Shared.IdempotencyKey],
            Replies =
            [
                new(200, "Waited for: the final result, or the state when the wait was over.", Ref("ExecResult")),
                new(202, "Not waited for: the first record.", Ref("ExecResult")),
            ],
            Errors =
            [
                "bad_request", "invalid_argument", "idempotency_conflict", "secrets_lost", "quota_exceeded", "sandbox_start_failed", "engine_unavailable", "disk_full",
            ],
            Example = """{"command":"python -c 'print(6*7)'","wait":true}""",
        },
        new("GET", "/sandboxes/{id}/exec/{execId}", 13, Tag, "Show a command")
        {
            Replies = [new(200, "Its state now.", Ref("ExecResult"))],
        },
        new("POST", "/sandboxes/{id}/exec/{execId}/cancel", 14, Tag, "Cancel a command")
        {
            Description = "Answers at once. TERM goes to the whole process tree, KILL to what is left after the grace time. One that is final is returned unchanged.",
            Replies = [new(200, "Its state now.", Ref("ExecResult"))],
        },
        new("GET", "/sandboxes/{id}/exec/{execId}/output", 33, Tag, "Read stored output")
        {
            Query =
            [
                May("stream", OneOf("stdout", "stderr"), null, "stdout"),
                May("offset", Int.AtLeast(0), "In bytes.", 0),
                May("limit", Int.AtLeast(1).AtMost(1_048_576), "In bytes.", 262_144),
                May("encoding", Encoding, null, "utf8"),
            ],
            Replies = [new(200, "A piece.", Ref("Output"))],
            Errors = ["invalid_argument"],
            ExampleQuery = "?stream=stdout&offset=0",
        },
        new("GET", "/sandboxes/{id}/exec/{execId}/stream", 34, Tag, "Follow output")
        {
            Description = "Events stdout and stderr (OutputPiece), truncated (OutputTruncated), and at the end exit (ExecResult). Ids are <stdout offset>.<stderr offset>.",
            Query =
            [
                May("stdout_offset", Int.AtLeast(0), null, 0), May("stderr_offset", Int.AtLeast(0), null, 0), May("encoding", Encoding, null, "utf8"),
            ],
            Headers = [Shared.LastEventId("<stdout offset>.<stderr offset>; beats the query.")],
            Replies = [new(200, "Server-sent events.", Text, ReplyRow.Events)],
            Errors = ["invalid_argument", "quota_exceeded"],
        },
        new("GET", "/sandboxes/{id}/exec/{execId}/attach", 0, Tag, "Attach to a command with live input")
        {
            Description = "A connection upgrade to the protocol sleigh-attach, whose frames docs/api.md describes.",
            Query = [May("stdout_offset", Int.AtLeast(0), null, 0), May("stderr_offset", Int.AtLeast(0), null, 0)],
            Headers = [Has("Upgrade", OneOf("sleigh-attach"), "With Connection: Upgrade.")],
            Replies = [new(101, "The connection is the channel from here on.")],
            Errors = ["invalid_argument", "quota_exceeded"],
        },
        new("POST", "/webhooks/exec/subscribe", 15, Tag, "Have the end of a command told to a URL")
        {
            Description = "One subscription per command and URL. Exactly one delivery is queued, also when the command has ended already.",
            Fields = [Has("sandbox_id", Text), Has("exec_id", Text), Has("webhook_url", Text, "Absolute, http or https.")],
            Replies = [new(201, "Subscribed.", Ref("WebhookSubscribed"))],
            Errors = ["bad_request", "invalid_argument", "invalid_webhook_url", "webhook_url_blocked", "forbidden", "not_found"],
            Example = """{"sandbox_id":"sbx_4f1c00000000","exec_id":"exec_77aa00000000","webhook_url":"http://127.0.0.1:9000/hook"}""",
        },
    ];
}
