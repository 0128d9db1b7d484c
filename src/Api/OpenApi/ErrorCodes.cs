using Sleigh.Api.Routing;

namespace Sleigh.Api.OpenApi;

/// <summary>All codes, and which of them an endpoint can give.</summary>
internal static class ErrorCodes
{
    /// <summary>By status.</summary>
    public static IReadOnlyList<ErrorCode> List { get; } =
    [
        new(400, "empty_body", "A JSON body was needed."),
        new(400, "invalid_json", "Malformed, or a member of a wrong type."),
        new(400, "session_token_required", "No token in body, header or query."),
        new(400, "bad_request", "A member that is required is missing or blank, or the body ended early."),
        new(400, "invalid_argument", "A value out of range or form."),
        new(400, "unknown_field", "A member that this endpoint does not know."),
        new(400, "invalid_cursor", "A cursor that is not ours, of another list, or too old."),
        new(400, "path_not_allowed", "A path outside what is allowed."),
        new(400, "invalid_webhook_url", "Not an absolute http or https URL."),
        new(400, "webhook_url_blocked", "An address in webhooks.blocked_networks."),
        new(400, "unsupported_read_command", "A program that ops/read does not run."),
        new(400, "read_only_violation", "It can write or execute."),
        new(400, "unsupported_build_language", "A language that is not built here."),
        new(400, "unsupported_on_host", "Not available on this host."),
        new(400, "memory_over_budget", "More than the host may give."),
        new(400, "target_not_above_current", "The limit is there already."),
        new(401, "unauthenticated", "The token is unknown, expired or revoked."),
        new(401, "link_invalid", "The link to a port is not good here, or its time is over."),
        new(401, "api_key_required", "The api key is missing or wrong."),
        new(403, "forbidden", "It belongs to another session."),
        new(403, "admin_loopback_only", "Without an api key only callers on the host itself may."),
        new(403, "host_not_allowed", "The Host or Origin header names a host that is not allowed."),
        new(403, "mount_rw_not_allowed", "The operator does not allow writing there."),
        new(403, "host_network_not_allowed", "The operator does not allow sandboxes in the host's network (network.allow_host)."),
        new(404, "not_found", "No such sandbox, command, mount, output or file."),
        new(404, "snapshot_not_found", "No such snapshot; details name those there are."),
        new(404, "host_path_not_found", "The directory is not on the host."),
        new(404, "route_not_found", "There is no endpoint at this path."),
        new(405, "method_not_allowed", "The path takes other methods."),
        new(408, "request_timeout", "The body did not arrive in time."),
        new(409, "image_pull_needed", "The image is not on the host, and a pull was not wanted."),
        new(409, "low_memory_confirmation_required", "The host has little memory; confirm_low_memory goes on all the same."),
        new(409, "idempotency_conflict", "The Idempotency-Key was used with another request."),
        new(409, "name_in_use", "Another sandbox of the session has the name."),
        new(409, "mount_exists", "Something is mounted there already."),
        new(409, "container_path_conflict", "What is there is no directory."),
        new(409, "mount_source_missing", "The directory of a recorded mount is gone from the host."),
        new(409, "nothing_to_undo", "There is no earlier state of the files that far back; details.possible_steps says how far there is."),
        new(409, "secrets_lost", "The values of the sandbox's secrets are gone, as after a reboot; details.secret_names says which must be set or sent."),
        new(409, "sandbox_busy", "Another change of the sandbox takes too long."),
        new(413, "payload_too_large", "The body is larger than http.max_body_bytes."),
        new(416, "range_not_satisfiable", "The range begins behind the end of the file."),
        new(429, "quota_exceeded", "Too many; details.quota names of what."),
        new(429, "rate_limited", "Too many in a short time."),
        new(500, "internal", "Unforeseen; the daemon's log has the cause under the request id."),
        new(500, "sandbox_start_failed", "The sandbox could not be started."),
        new(500, "snapshot_failed", "Nothing has changed."),
        new(500, "rollback_failed", "Nothing has changed."),
        new(500, "copy_failed", "The copy was not made."),
        new(500, "zone_unavailable", "The zone's directory is missing on the host."),
        new(500, "port_unreachable", "The host itself could not connect into the sandbox; the daemon's log has the cause."),
        new(502, "image_pull_failed", "The registry does not have it, does not give it, or cannot be reached."),
        new(502, "port_failed", "The server in the sandbox broke the connection or does not speak HTTP."),
        new(503, "port_not_listening", "Nothing listens on the port, or the sandbox does not run."),
        new(503, "host_memory_low", "The host has no memory to give now."),
        new(503, "engine_unavailable", "containerd does not answer."),
        new(503, "shutting_down", "The daemon is stopping."),
        new(503, "not_ready", "A check failed."),
        new(503, "audit_unavailable", "The audit log cannot be written, and audit.on_failure is refuse."),
        new(504, "image_pull_timeout", "The pull took too long."),
        new(507, "disk_full", "The data disk is full."),
    ];

    private static readonly Dictionary<string, ErrorCode> ByCode = List.ToDictionary(c => c.Code, StringComparer.Ordinal);

    /// <summary>What an endpoint can answer: from its access, body and path, and what its row adds.</summary>
    public static IReadOnlyList<ErrorCode> Of(Endpoint endpoint, OperationRow row)
    {
        HashSet<string> codes = ["host_not_allowed", "internal", .. row.Errors];
        if (endpoint.Path != "/healthz")
        {
            codes.Add("shutting_down");
        }

        codes.UnionWith(endpoint.Access switch
        {
            AccessClass.Trusted => ["api_key_required", "admin_loopback_only"],
            AccessClass.Session => ["session_token_required", "unauthenticated"],
            AccessClass.SessionOrKey => ["session_token_required", "unauthenticated", "api_key_required"],
            _ => (string[])[],
        });
        codes.UnionWith(endpoint.Body switch
        {
            BodyRule.Required => ["empty_body", "invalid_json", "payload_too_large", "request_timeout", "bad_request"],
            BodyRule.Optional or BodyRule.Lenient => ["invalid_json", "payload_too_large", "request_timeout", "bad_request"],
            BodyRule.Streamed => ["empty_body", "request_timeout", "bad_request"],
            _ => (string[])["payload_too_large"],
        });
        if (endpoint.Segments.Contains("{id}"))
        {
            codes.UnionWith(["not_found", "forbidden"]);
        }

        if (codes.Contains("sandbox_start_failed") || codes.Contains("rollback_failed"))
        {
            codes.Add("host_network_not_allowed");
        }

        if (endpoint.Audited)
        {
            codes.Add("audit_unavailable");
        }

        if (endpoint.KnownFields is not null)
        {
            codes.Add("unknown_field");
        }

        return [.. codes.Select(c => ByCode[c]).OrderBy(c => c.Status).ThenBy(c => c.Code, StringComparer.Ordinal)];
    }
}
