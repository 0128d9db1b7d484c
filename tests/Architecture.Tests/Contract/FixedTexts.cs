namespace Sleigh.Architecture.Tests.Contract;

/// <summary>Texts that the contract fixes word by word. A name in braces stands for whatever a case puts there.</summary>
internal static class FixedTexts
{
    /// <summary>Every text, by the part of the contract that fixes it.</summary>
    public static IReadOnlyDictionary<string, string[]> BySection { get; } = new Dictionary<string, string[]>
    {
        ["1 transport"] =
        [
            "http.listen {address} is not a loopback address and http.api_key is not set; refusing to start",
            "empty request body", "invalid json: ", "bad request: ", "forbidden: ", "resource not found: ", "resource not found: sandbox {id}",
            "bad request: session_token is required",
            "internal error; the daemon log has the cause under this request id",
            "Idempotency-Key was already used with a different request",
        ],
        ["2 sessions"] =
        [
            "unknown or expired session token", "call POST /sessions/token and use the new token", "forbidden: {id} belongs to another session",
            "forbidden: the path names another session",
        ],
        ["3 results"] =
        [
            "command exited with status {n}", "command timed out after {n}s and was stopped", "command could not be started: {reason}",
            "sandbox was deleted while the command was running", "sandbox was rolled back while the command was running",
            "sandbox stopped while the command was running", "exit status was lost while the daemon was down",
            "still running after wait timeout ({n}s); call get_exec with exec_id={id} to continue polling",
            "...(truncated stdout: omitted {n} runes, showing last 3000)", "sleigh-snapshot:{id}",
        ],
        ["4 diagnostics"] =
        [
            "Start no new work until memory is free.",
            "Raise the limit of the sandbox that matters most, or let it grow once the host has room.",
            "Find the sandboxes with the highest use, snapshot them and run their work again later.",
            "Lower the number of commands that run at once and watch memory pressure.",
            "Delete sandboxes nobody has used for a long time.",
            "Keep an eye on memory pressure and the available share.",
            "Decide now which sandbox may grow next and which work can wait.",
            "Nothing to do; look again at the usual interval.",
            "memory.available_ratio={f}", "psi.some.avg10={f}", "psi.full.avg10={f}",
        ],
        ["5 create"] =
        [
            "image_pull_policy must be one of: wait, notify",
            "image \"{image}\" is not cached on host and needs pull",
            "retry create_sandbox with image_pull_policy=wait to perform pull",
            "image cache check for \"{image}\" timed out; treating image pull as needed",
            "host memory available ratio {n}% is below 10%; sandbox creation is blocked",
            "host memory available ratio {n}% is below 15%; resend with confirm_low_memory=true to continue",
            "image pull timed out after {n}s for \"{image}\"; check server network connectivity or configure proxy (HTTP_PROXY/HTTPS_PROXY)",
            "image pull failed for \"{image}\": {reason}; check server network connectivity or configure proxy (HTTP_PROXY/HTTPS_PROXY)",
            "resource not found: snapshot {id}",
        ],
        ["11 rollback"] =
        [
            "bad request: snapshot_id is required", "snapshot not found: {id}; available snapshot ids: {ids}",
            "snapshot not found: {id}; available snapshot ids: none",
        ],
        ["12 exec"] = ["bad request: command is required"],
        ["15 webhooks"] =
        [
            "sandbox_id, exec_id and webhook_url are required", "bad request: webhook_url must be an absolute http or https URL",
            "...(truncated webhook field: omitted {n} runes, showing last 2048)", "...(truncated webhook field: omitted {n} runes, showing last 4096)",
        ],
        ["16 pressure"] =
        [
            "memory usage {n}% exceeded threshold 85.00%", "memory stall {n}% exceeded threshold 10.00%",
            "container not running; start sandbox to collect live pressure",
        ],
        ["17 expand"] =
        [
            "target_mb must be greater than 0", "target_mb must be at least 64", "target_mb {n} is not above the current limit {c} MB",
            "host memory available ratio {n}% is below 10%; memory expand is blocked",
            "; host memory available ratio {n}% is below 15%; operation succeeded but host is under pressure",
            "target memory is not greater than current limit", "already at-or-above configured ceiling ({m} MB); current={c} MB",
            "memory expanded by agent decision", "memory expanded by one automatic step",
        ],
        ["19 mounts"] =
        [
            "workspace_path is required", "workspace_path cannot escape allowed root", "workspace_path is outside allowed host root",
            "container_path is required", "container_path must be an absolute path", "container_path is not mountable",
            "host mount path must be an existing directory: bad request",
            "host mount path does not exist (missing directory; server will not auto-create): resource not found",
            "container_path is already a mount point", "container_path exists and is not a directory",
            "read-write mounts are not allowed for this workspace_path",
        ],
        ["21 zones"] = ["INVALID here", "mount_read_only", "environment_copy"],
        ["23 copy"] =
        [
            "environment_path is required", "environment_path cannot escape allowed root", "environment_path is outside allowed host root",
            "sandbox_path is required", "sandbox_path must be an absolute path inside sandbox", "sandbox_path cannot be root",
            "sandbox_path is not writable",
            "environment host path does not exist (missing directory; server will not auto-create): resource not found",
            "environment host path must be an existing directory", "copy environment directory failed: ",
        ],
        ["24 read"] =
        [
            "unsupported read command", "{command} is not installed in this sandbox's image",
            "read command still running after timeout ({n}s); poll get_exec with exec_id={id}",
            "ops/read refuses {command} {argument}: it can write or execute",
        ],
        ["25 write"] =
        [
            "sandbox_path must be an absolute file path inside sandbox", "write_mode must be one of: context_edit, replace_file",
            "old_text is required for write_mode=context_edit", "new_text is required for write_mode=context_edit",
            "content is required for write_mode=replace_file", "unsupported build language: {language}",
            "context edit applied: file={file} occurrence={n} matches={m}",
            "context_edit no_match: sandbox_path not found",
            "context_edit no_match: snippet not found; read latest file and provide tighter before_context/after_context",
            "context_edit ambiguous_match: snippet matched multiple locations; provide more context or set occurrence",
            "context_edit ambiguous_match: occurrence={n} exceeds match count={m}",
            "sandbox_path is not a regular file", "context_edit refused: file is larger than 16 MiB",
            "ensure sandbox path failed", "write to sandbox failed: {reason}", "code_write operation timed out", "pre-commit checks timed out",
            "language quality checks timed out for \"{x}\"", "build timed out for language \"{x}\"",
            "pre-commit checks failed; fix issues and retry", "language quality checks failed for \"{x}\"", "build failed for language \"{x}\"",
            "{tool} is not installed in the sandbox",
        ],
        ["26 workflow"] =
        [
            "bad request: steps must hold 1 to 100 steps",
            "exec step timed out after {n}s; call get_exec with exec_id={id} to continue polling",
            "workflow step requires sandbox_id or a previously created sandbox", "workflow exec_command step requires non-empty command",
            "workflow create_snapshot step requires sandbox_id or a previously created sandbox",
            "workflow rollback_snapshot step requires sandbox_id and snapshot_id",
            "workflow delete_sandbox step requires sandbox_id or a previously created sandbox", "unsupported workflow action: {action}",
        ],
        ["27 history"] = ["bad request: cursor is invalid or expired"],
        ["7 memory"] =
        [
            "automatic growth is off; call memory/expand with target_mb {n} or more, then run the command again",
            "the ceiling of {n} MB is reached; use less memory or create a sandbox with a higher memory_ceiling_mb",
            "the host has no memory to give now; wait, delete sandboxes you do not need, then run the command again",
            "growth was too late; call memory/expand with target_mb {n} or more, then run the command again",
            "memory grown from {a} MB to {b} MB (trigger {trigger})", "memory growth refused at {n} MB: {reason}",
            "out of memory: a process was killed at {n} MB; nothing was rolled back",
            "out of memory: a process was killed at {n} MB; rolled back to snapshot {id} (on_oom=rollback)",
            "out of memory: a process was killed at {n} MB; on_oom=rollback but there is no snapshot",
        ],
    };

    /// <summary>Sections whose endpoints are being built: their texts are not asserted yet. At the end it is empty.</summary>
    public static IReadOnlyList<string> Awaited { get; } = [];
}
