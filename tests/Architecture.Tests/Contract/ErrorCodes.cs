namespace Sleigh.Architecture.Tests.Contract;

/// <summary>The error codes of section 8 of the contract with their HTTP status.</summary>
internal static class ErrorCodes
{
    /// <summary>All of them, in the order of the contract.</summary>
    public static IReadOnlyList<(int Status, string Code)> All { get; } =
    [
        .. Of(400,
            "empty_body", "invalid_json", "session_token_required", "bad_request", "invalid_argument", "unknown_field", "invalid_cursor",
            "path_not_allowed", "invalid_webhook_url", "webhook_url_blocked", "unsupported_read_command", "read_only_violation",
            "unsupported_build_language", "unsupported_on_host", "memory_over_budget", "target_not_above_current"),
        .. Of(401, "unauthenticated", "api_key_required"),
        .. Of(403, "forbidden", "admin_loopback_only", "host_not_allowed", "mount_rw_not_allowed"),
        .. Of(404, "not_found", "snapshot_not_found", "host_path_not_found", "route_not_found"),
        .. Of(405, "method_not_allowed"),
        .. Of(408, "request_timeout"),
        .. Of(409,
            "image_pull_needed", "low_memory_confirmation_required", "idempotency_conflict", "name_in_use", "mount_exists",
            "container_path_conflict", "mount_source_missing", "sandbox_busy"),
        .. Of(413, "payload_too_large"),
        .. Of(429, "quota_exceeded", "rate_limited"),
        .. Of(500, "internal", "sandbox_start_failed", "snapshot_failed", "rollback_failed", "copy_failed", "zone_unavailable"),
        .. Of(502, "image_pull_failed"),
        .. Of(503, "host_memory_low", "engine_unavailable", "shutting_down", "not_ready"),
        .. Of(504, "image_pull_timeout"),
        .. Of(507, "disk_full"),
    ];

    /// <summary>Codes whose endpoints are being built. At the end it is empty.</summary>
    public static IReadOnlyList<string> Awaited { get; } = [];

    private static IEnumerable<(int, string)> Of(int status, params string[] codes) => codes.Select(code => (status, code));
}
