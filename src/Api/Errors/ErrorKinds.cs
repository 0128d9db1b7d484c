using Sleigh.Runtime;

namespace Sleigh.Api.Errors;

/// <summary>The one place where a kind of the runtime becomes an HTTP status and a code.</summary>
internal static class ErrorKinds
{
    public static ApiError ToApiError(RuntimeException failure)
    {
        (int status, string code) = Map(failure.Kind);
        return new ApiError(status, code, failure.Message) { Hint = failure.Hint, Details = failure.Details, RetryAfter = failure.RetryAfter };
    }

    public static (int Status, string Code) Map(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => (400, "invalid_argument"),
        ErrorKind.PathNotAllowed => (400, "path_not_allowed"),
        ErrorKind.BadRequest => (400, "bad_request"),
        ErrorKind.UnsupportedOnHost => (400, "unsupported_on_host"),
        ErrorKind.MemoryOverBudget => (400, "memory_over_budget"),
        ErrorKind.InvalidImage => (400, "invalid_image"),
        ErrorKind.InvalidWebhookUrl => (400, "invalid_webhook_url"),
        ErrorKind.WebhookUrlBlocked => (400, "webhook_url_blocked"),
        ErrorKind.UnsupportedReadCommand => (400, "unsupported_read_command"),
        ErrorKind.ReadOnlyViolation => (400, "read_only_violation"),
        ErrorKind.UnsupportedBuildLanguage => (400, "unsupported_build_language"),
        ErrorKind.Forbidden => (403, "forbidden"),
        ErrorKind.MountRwNotAllowed => (403, "mount_rw_not_allowed"),
        ErrorKind.HostNetworkNotAllowed => (403, "host_network_not_allowed"),
        ErrorKind.HostPathNotFound => (404, "host_path_not_found"),
        ErrorKind.MountExists => (409, "mount_exists"),
        ErrorKind.ContainerPathConflict => (409, "container_path_conflict"),
        ErrorKind.MountSourceMissing => (409, "mount_source_missing"),
        ErrorKind.NotFound => (404, "not_found"),
        ErrorKind.SnapshotNotFound => (404, "snapshot_not_found"),
        ErrorKind.NameInUse => (409, "name_in_use"),
        ErrorKind.TargetNotAboveCurrent => (400, "target_not_above_current"),
        ErrorKind.NothingToUndo => (409, "nothing_to_undo"),
        ErrorKind.SecretsLost => (409, "secrets_lost"),
        ErrorKind.SandboxBusy => (409, "sandbox_busy"),
        ErrorKind.IdempotencyConflict => (409, "idempotency_conflict"),
        ErrorKind.ImagePullNeeded => (409, "image_pull_needed"),
        ErrorKind.LowMemoryConfirmationRequired => (409, "low_memory_confirmation_required"),
        ErrorKind.ImageInUse => (409, "image_in_use"),
        ErrorKind.QuotaExceeded => (429, "quota_exceeded"),
        ErrorKind.RateLimited => (429, "rate_limited"),
        ErrorKind.SandboxStartFailed => (500, "sandbox_start_failed"),
        ErrorKind.SnapshotFailed => (500, "snapshot_failed"),
        ErrorKind.RollbackFailed => (500, "rollback_failed"),
        ErrorKind.CopyFailed => (500, "copy_failed"),
        ErrorKind.ZoneUnavailable => (500, "zone_unavailable"),
        ErrorKind.PortUnreachable => (500, "port_unreachable"),
        ErrorKind.ImagePullFailed => (502, "image_pull_failed"),
        ErrorKind.HostMemoryLow => (503, "host_memory_low"),
        ErrorKind.PortNotListening => (503, "port_not_listening"),
        ErrorKind.EngineUnavailable => (503, "engine_unavailable"),
        ErrorKind.ShuttingDown => (503, "shutting_down"),
        ErrorKind.ImagePullTimeout => (504, "image_pull_timeout"),
        ErrorKind.DiskFull => (507, "disk_full"),
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "a kind without an HTTP status"),
    };

    /// <summary>Whole seconds for <c>Retry-After</c>, which stands on every 429 and 503; null for other errors.</summary>
    public static int? RetryAfter(ApiError error) => error switch
    {
        { Status: 429 or 503, RetryAfter: { } known } => Math.Max(1, (int)Math.Ceiling(known.TotalSeconds)),
        { Code: "rate_limited" } => 60,
        { Code: "host_memory_low" } => 10,
        { Code: "quota_exceeded" } => 5,
        { Status: 429 or 503 } => 2,
        _ => null,
    };
}
