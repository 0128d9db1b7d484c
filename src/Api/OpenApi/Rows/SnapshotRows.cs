using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Snapshots.</summary>
internal static class SnapshotRows
{
    private const string Tag = "snapshots";

    /// <summary>Members of a snapshot; a step of a workflow has them too.</summary>
    public static IReadOnlyList<Member> Fields { get; } =
    [
        May("name", Text.Longest(128), "Need not be unique."),
        May("comment", Text.Longest(1024)),
        May("keep", Bool, "Retention leaves it alone, by age and by count.", false),
    ];

    public static IEnumerable<OperationRow> List() =>
    [
        new("POST", "/sandboxes/{id}/snapshots", 9, Tag, "Take a snapshot of the files")
        {
            Description = "Processes stand still for pause_ms, then go on. Memory and the content of mounts are no part of it.",
            Fields = Fields,
            Headers = [Shared.IdempotencyKey],
            Replies = [new(201, "The snapshot.", Ref("Snapshot"))],
            Errors = ["invalid_argument", "idempotency_conflict", "sandbox_busy", "quota_exceeded", "snapshot_failed", "engine_unavailable", "disk_full"],
            Example = """{"name":"before-upgrade"}""",
        },
        new("GET", "/sandboxes/{id}/snapshots", 10, Tag, "List the sandbox's snapshots, newest first")
        {
            Replies = [new(200, "All of them.", Ref("Snapshots"))],
        },
        new("DELETE", "/sandboxes/{id}/snapshots/{snapshotId}", 35, Tag, "Delete a snapshot")
        {
            Description = "Always allowed. Its children take over its parent; a sandbox that stood on it keeps its files.",
            Replies = [ReplyRow.Done],
            Errors = ["snapshot_not_found"],
        },
        new("GET", "/sandboxes/{id}/snapshots/{snapshotId}/diff", 36, Tag, "Compare a snapshot with another, or with the files as they are")
        {
            Query =
            [
                May("to", Text, "A snapshot id of the same sandbox, or live.", "live"),
                May("prefix", Text.Like("^/"), "Only paths at or under it.", "/"),
                May("limit", Int.AtLeast(1).AtMost(10_000), null, 1000),
                May("cursor", Text, "next_cursor of the page before."),
                May("renames", Bool, "Tell what was moved as one change, renamed, where the kernel knows that it is the same file or directory.", false),
                May("patch", Bool, "Give text files a patch: a unified diff with git's header.", false),
                May("patch_max_bytes", Int.AtLeast(1).AtMost(1_048_576), "Up to which size of either side; with patch=true only.", 65_536),
            ],
            Replies = [new(200, "A page, sorted by path.", Ref("Diff"))],
            Errors = ["invalid_argument", "invalid_cursor", "snapshot_not_found"],
            ExampleQuery = "?to=live",
        },
        new("POST", "/sandboxes/{id}/snapshots/{snapshotId}/restore", 0, Tag, "Put single paths back as they are in a snapshot")
        {
            Description = "Without a rollback: processes run on. Each file is whole or as before; directories are merged. All paths are looked at before anything is changed; after a later failure the paths before the one that the error names stay restored.",
            Fields =
            [
                Has("paths", Make.List(Text.Like("^/")), "1 to 1000 absolute paths without parts . and .. ; links on the way are followed inside the sandbox."),
                May("delete_added", Bool, "Remove what the snapshot does not have: the paths themselves, and what is below them.", false),
            ],
            Replies = [new(200, "What was put back.", Ref("Restored"))],
            Errors =
            [
                "bad_request", "invalid_argument", "snapshot_not_found", "path_not_allowed", "sandbox_busy", "sandbox_start_failed",
                "engine_unavailable", "disk_full",
            ],
            Example = """{"paths":["/app/main.py"]}""",
        },
        new("POST", "/sandboxes/{id}/snapshots/{snapshotId}/keep", 0, Tag, "Say whether retention leaves a snapshot alone")
        {
            Fields = [Has("keep", Bool, "False: it goes like any other, perhaps at once.")],
            Replies = [new(200, "The snapshot.", Ref("Snapshot"))],
            Errors = ["bad_request", "snapshot_not_found", "sandbox_busy"],
            Example = """{"keep":true}""",
        },
        new("GET", "/sandboxes/{id}/snapshots/{snapshotId}/export", 0, Tag, "Export a snapshot as an OCI image or as a tar of all files")
        {
            Description = "An image is written whole on the data disk first, then sent; a tar is sent as it is made. Memory, sockets and the content of mounts are no part of it.",
            Query =
            [
                May("format", OneOf("oci", "tar.zst"), "oci: the sandbox's image and one layer more, as an OCI layout that is a docker archive too. tar.zst: all files.", "oci"),
                May("compression", OneOf("gzip", "zstd"), "Of the layer; docker before 23 loads gzip only.", "gzip"),
                May("name", Text.Longest(255), "The image's name in the archive; not sent: sleigh/snapshot: and the id."),
            ],
            Replies =
            [
                new(200, "A stream of any length, application/zstd for tar.zst. One that fails half-way ends the connection early.", Text, "application/x-tar", "application/zstd"),
            ],
            Errors = ["invalid_argument", "path_not_allowed", "unsupported_on_host", "snapshot_not_found", "engine_unavailable", "disk_full"],
            ExampleQuery = "?format=tar.zst",
        },
    ];
}
