using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Mounts, zones, reading and writing code, workflow, files: endpoints 18 to 26 of the contract and our own.</summary>
internal static class WorkSchemas
{
    private static readonly Schema CheckStatus = OneOf("not_run", "passed", "failed");

    public static IEnumerable<(string Name, Schema Schema)> List() =>
    [
        ("Mount", Object(
            Has("id", Id("mnt")),
            Has("sandbox_id", Id("sbx")),
            Has("host_path", Text),
            Has("container_path", Text),
            Has("mode", OneOf("ro", "rw")),
            Has("created", Seconds),
            May("missing", Bool, "Its directory was gone when the sandbox started: it runs without it."))),
        ("Mounts", Items("Mount")),
        ("Zone", Object(
            Has("allowed_root", Text, "Absolute path of the zone on the host."),
            Has("items", Make.List(Text)),
            Has("entries", Make.List(Object(Has("path", Text), May("env_readme", Text), May("env_readme_truncated", Bool)))),
            Has("truncated", Bool),
            Has("omitted_count", Count),
            Has("zone_kind", OneOf("mount_read_only", "environment_copy")),
            Has("agent_guidance", Object(
                Has("correct_next_operation", Text), Has("correct_next_summary", Text),
                Has("wrong_next_operation", Text), Has("wrong_next_warning", Text))),
            Has("suggested_next_actions", Make.List(Object(
                Has("action", Text), Has("description", Text), Has("required_fields", Make.List(Text)), Has("parameter_semantics", Labels)))))),
        ("CopiedEnvironment", Object(
            Has("status", OneOf("ok")),
            Has("sandbox_id", Id("sbx")),
            Has("environment_path", Text),
            Has("sandbox_path", Text),
            Has("files", Count),
            Has("bytes", Count),
            Has("duration_ms", Count))),
        ("ReadResult", Object(
            Has("status", OneOf("ok", "running", "error")),
            Has("duration_ms", Count),
            Has("timed_out", Bool),
            Has("truncated", Bool),
            Has("exec_id", Id("exec")),
            May("exit_code", Int),
            May("error", Text),
            May("omitted_bytes", Count),
            May("next_offset", Count, "Only when stdout was cut."),
            May("hint", Text, "When the spool did not keep all."),
            Has("stdout", Text),
            Has("stderr", Text))),
        ("WriteResult", Object(
            Has("status", OneOf("ok", "error")),
            May("code", Text, "Why the edit was not made, or a check failed."),
            May("error", Text),
            May("details", Object(May("matches", Count), May("match_lines", Make.List(Count)))),
            Has("duration_ms", Count),
            Has("timed_out", Bool),
            Has("truncated", Bool),
            May("applied_files", Make.List(Text)),
            Has("sandbox_path", Text),
            May("bytes_written", Count),
            May("reverted", Bool),
            Has("quality_checks_status", CheckStatus),
            May("quality_checks_mode", OneOf("pre_commit", "language")),
            May("quality_checks_reason", Text),
            Has("build_status", CheckStatus),
            May("build_reason", Text),
            May("format_issues", Make.List(Text)),
            May("lint_issues", Make.List(Text)),
            May("omitted_bytes", Count),
            Has("stdout", Text),
            Has("stderr", Text))),
        ("WorkflowResult", Object(
            Has("session_token", Text, "As sent."),
            Has("session_id", Id("sid")),
            Has("status", OneOf("succeeded", "failed", "timed_out")),
            Has("duration_ms", Count),
            Has("stopped_early", Bool),
            Has("steps", Make.List(Object(
                Has("index", Count),
                Has("action", Text),
                Has("status", OneOf("succeeded", "failed", "timed_out")),
                Has("duration_ms", Count),
                May("sandbox_id", Text),
                May("exec_id", Id("exec")),
                May("snapshot_id", Text),
                May("timed_out", Bool),
                May("error", Text),
                May("code", Text),
                May("result", new Schema
                {
                    AnyOf = [Ref("Sandbox"), Ref("ExecResult"), Ref("Snapshot"), Ref("RolledBackSandbox"), Object(Has("ok", Bool))],
                })))))),
        ("File", Object(
            Has("path", Text),
            Has("kind", OneOf("file", "dir", "symlink", "other")),
            Has("size", Count),
            Has("mode", Mode),
            Has("uid", Count),
            Has("gid", Count),
            Has("modified", Millis),
            May("link_target", Text))),
        ("WrittenFile", Object(
            Has("path", Text), Has("bytes", Count), Has("created", Bool, "False when it replaced one."), Has("mode", Mode), Has("uid", Count), Has("gid", Count))),
        ("FileList", Object(
            Has("path", Text),
            Has("items", Make.List(Object(
                Has("name", Text, "With U+FFFD for what is no UTF-8."),
                May("name_base64", Text, "Of a name that is no UTF-8."),
                Has("kind", OneOf("file", "dir", "symlink", "other")),
                Has("size", Count),
                Has("mode", Mode),
                Has("uid", Count),
                Has("gid", Count),
                Has("modified", Millis),
                May("link_target", Text)))),
            May("next", Text, "Only when more follow: the after of the next call."),
            May("next_base64", Text, "The same for a name that is no UTF-8: the after_base64 of the next call."))),
        ("ReceivedArchive", Object(Has("path", Text), Has("files", Count), Has("bytes", Count))),
    ];
}
