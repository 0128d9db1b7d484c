using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Snapshots and the difference between two: section 3.2 and endpoint 36 of the contract.</summary>
internal static class SnapshotSchemas
{
    public static IEnumerable<(string Name, Schema Schema)> List() =>
    [
        ("Snapshot", Object(
            Has("id", Id("snap")),
            Has("sandbox_id", Id("sbx")),
            Has("image_ref", Text.Like("^sleigh-snapshot:[0-9a-f]{12}$")),
            Has("type", OneOf("container")),
            May("host_path", Text, "Reserved; never set."),
            May("base_snapshot_id", Id("snap"), "The same as parent_id."),
            Has("created", Seconds),
            May("parent_id", Id("snap"), "The snapshot that the files stood on; left out for the first."),
            May("name", Text),
            May("comment", Text),
            Has("bytes", Count, "Bytes of this snapshot alone, without its parents."),
            Has("durable", Bool, "All its data has reached the disk."),
            Has("duration_ms", Count),
            Has("pause_ms", Count, "How long processes stood still."),
            Has("captured", Object(
                Has("limits", Object(
                    Has("memory_limit_mb", Count),
                    Has("memory_ceiling_mb", Count),
                    May("cpus", Number),
                    Has("pids_limit", Count),
                    May("disk_limit_mb", Count))),
                Has("mounts", Make.List(Object(
                    Has("host_path", Text), Has("container_path", Text), Has("mode", OneOf("ro", "rw"))))),
                Has("labels", Labels))),
            May("auto", Bool, "True of one that was taken by itself, before a command."),
            May("keep", Bool, "True where retention leaves it alone."),
            May("expires_at", Millis, "When retention will remove it."))),
        ("Snapshots", Items("Snapshot")),
        ("Diff", Object(
            Has("from", Id("snap")),
            Has("to", Text, "A snapshot id or live."),
            Has("summary", Object(Has("added", Count), Has("modified", Count), Has("deleted", Count), May("renamed", Count, "With renames=true only."), Has("bytes_added", Int)), "Of the whole prefix, not the page."),
            Has("items", Make.List(Object(
                Has("path", Text, "With U+FFFD for what is no UTF-8."),
                May("path_base64", Text, "Of a path that is no UTF-8."),
                Has("change", OneOf("added", "modified", "deleted", "type_changed", "renamed")),
                May("from_path", Text, "Where what is renamed was before."),
                May("from_path_base64", Text, "Of such a path that is no UTF-8."),
                Has("kind", OneOf("file", "dir", "symlink", "other")),
                May("size_before", Count),
                May("size_after", Count),
                May("mode_before", Mode),
                May("mode_after", Mode),
                May("patch", Text, "With patch=true: what has changed in a text file, for patch -p1 and git apply."),
                May("patch_skipped", OneOf("binary", "too_large", "too_different"), "Why a changed file has no patch.")))),
            May("next_cursor", Text, "Only when more follow."),
            May("renames_truncated", Bool, "With renames=true: more than 100000 paths were added or deleted, and no renames are told."))),
        ("Restored", Object(
            Has("restored", Make.List(Object(
                Has("path", Text),
                Has("kind", OneOf("file", "dir", "symlink", "other")),
                Has("files", Count, "Files, links and FIFOs that were written."),
                Has("bytes", Count, "Of their data."),
                May("left_out", Count, "Devices and sockets, which are not put back.")))),
            Has("deleted", Make.List(Text), "Paths that the snapshot does not have and that were removed."),
            Has("duration_ms", Count))),
    ];
}
