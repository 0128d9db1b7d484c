using System.Globalization;

namespace Sleigh.Api.Errors;

/// <summary>The errors that the HTTP layer itself finds.</summary>
internal static class ApiErrors
{
    private const int MostShown = 100;

    public static ApiError HostNotAllowed(string what, string setting) =>
        new(403, "host_not_allowed", $"forbidden: the {what} header names a host that is not allowed here")
        {
            Hint = $"call by a loopback name, or add the name to {setting}",
        };

    public static ApiError SocketPeerRefused() =>
        new(403, "forbidden", "forbidden: this user may not use the administrator's socket")
        {
            Hint = "call as root or as a member of the group that http.socket_group names",
        };

    public static ApiError RouteNotFound() =>
        new(404, "route_not_found", "resource not found: there is no endpoint at this path");

    public static ApiError MethodNotAllowed(IReadOnlyList<string> allowed) =>
        new(405, "method_not_allowed", $"method not allowed; this path takes {string.Join(", ", allowed)}")
        {
            Details = One("allowed", allowed),
        };

    public static ApiError AdminLoopbackOnly() =>
        new(403, "admin_loopback_only", "forbidden: without an api key this endpoint serves loopback callers only")
        {
            Hint = "call from the host itself, or configure http.api_key",
        };

    public static ApiError ApiKeyRequired() =>
        new(401, "api_key_required", "the api key is missing or wrong") { Hint = "send Authorization: Bearer <api key>" };

    public static ApiError ShuttingDown() =>
        new(503, "shutting_down", "the daemon is shutting down") { Hint = "try again in a few seconds" };

    public static ApiError AuditUnavailable() => new(503, "audit_unavailable", "the audit log cannot be written, and nothing may change without it")
    {
        Hint = "the operator must make room for audit.file, or set audit.on_failure to continue",
    };

    public static ApiError PayloadTooLarge(long maxBytes) =>
        new(413, "payload_too_large", $"the request body is larger than {maxBytes.ToString(CultureInfo.InvariantCulture)} bytes")
        {
            Details = One("max_bytes", maxBytes),
        };

    public static ApiError RequestTimeout(TimeSpan limit) =>
        new(408, "request_timeout", $"the request body was not complete after {(int)limit.TotalSeconds} seconds") { CloseConnection = true };

    public static ApiError BodyStalled(TimeSpan limit) =>
        new(408, "request_timeout", $"nothing of the request body came for {(int)limit.TotalSeconds} seconds") { CloseConnection = true };

    public static ApiError BrokenBody() =>
        new(400, "bad_request", "bad request: the request body ended early or is not well-formed HTTP") { CloseConnection = true };

    public static ApiError UnclearBody(string rule) => new(400, "bad_request", $"bad request: {rule}")
    {
        Details = One("field", "Transfer-Encoding"), CloseConnection = true,
    };

    public static ApiError NoAddress(string path) => new(400, "bad_request", $"bad request: the path '{Shown(path)}' cannot be part of an address")
    {
        Details = One("field", "path"),
    };

    public static ApiError EmptyBody() => new(400, "empty_body", "empty request body") { Hint = "send a JSON object" };

    public static ApiError InvalidJson(string what) => new(400, "invalid_json", $"invalid json: {what}");

    public static ApiError WrongType(string field, string wanted) =>
        new(400, "invalid_json", $"invalid json: field {field} must be {wanted}") { Details = One("field", field) };

    public static ApiError TokenRequired() =>
        new(400, "session_token_required", "bad request: session_token is required")
        {
            Hint = "call POST /sessions/token and send the token as session_token in the body, as header X-Session-Token or in the query",
        };

    public static ApiError Unauthenticated() =>
        new(401, "unauthenticated", "unknown or expired session token") { Hint = "call POST /sessions/token and use the new token" };

    public static ApiError OtherSession(string id) => new(403, "forbidden", $"forbidden: {id} belongs to another session");

    public static ApiError PathNamesOtherSession() => new(403, "forbidden", "forbidden: the path names another session");

    public static ApiError NotFound(string what, string id) => new(404, "not_found", $"resource not found: {what} {id}");

    public static ApiError SnapshotNotFound(string id) =>
        new(404, "snapshot_not_found", $"resource not found: snapshot {id}");

    public static ApiError InvalidCursor() => new(400, "invalid_cursor", "bad request: cursor is invalid or expired")
    {
        Hint = "begin again without a cursor",
    };

    public static ApiError UnknownField(string field) =>
        new(400, "unknown_field", $"bad request: unknown field {field}") { Details = One("field", field) };

    public static ApiError Required(string field) =>
        new(400, "bad_request", $"bad request: {field} is required") { Details = One("field", field) };

    /// <summary>As <see cref="Required"/>, where the contract gives the whole sentence.</summary>
    public static ApiError RequiredExactly(string field) => new(400, "bad_request", $"{field} is required") { Details = One("field", field) };

    /// <summary>A path that leads where nothing may be; the contract gives the whole sentence.</summary>
    public static ApiError PathNotAllowed(string field, string sentence) =>
        new(400, "path_not_allowed", sentence) { Details = One("field", field) };

    /// <summary>A value out of range or form.</summary>
    public static ApiError Invalid(string field, string rule) => InvalidExactly(field, $"bad request: {field} {rule}");

    /// <summary>A value that is not one of a few.</summary>
    public static ApiError NotOneOf(string field, params string[] allowed) =>
        InvalidExactly(field, $"bad request: {field} must be one of: {string.Join(", ", allowed)}", allowed);

    /// <summary>As <see cref="Invalid"/>, where the contract gives the whole sentence.</summary>
    public static ApiError InvalidExactly(string field, string sentence, string[]? allowed = null) =>
        new(400, "invalid_argument", sentence)
        {
            Details = allowed is null
                ? One("field", field)
                : new Dictionary<string, object> { ["field"] = field, ["allowed"] = allowed },
        };

    public static ApiError UnsupportedBuildLanguage(string sent) =>
        new(400, "unsupported_build_language", $"unsupported build language: {Shown(sent)}")
        {
            Details = One("allowed", Runtime.CodeWriting.CodeLanguages.BuildNames),
        };

    public static ApiError UnsupportedOnHost(string field, string sentence) =>
        new(400, "unsupported_on_host", $"bad request: {sentence}") { Details = One("field", field) };

    public static ApiError MemoryOverBudget(long requestedMb, string sent, int budgetMb) =>
        new(400, "memory_over_budget",
            string.Create(CultureInfo.InvariantCulture, $"bad request: memory_limit_mb {sent} is above the budget of {budgetMb} MB"))
        {
            Details = new Dictionary<string, object> { ["requested_mb"] = requestedMb, ["budget_mb"] = budgetMb },
        };

    public static ApiError RangeNotSatisfiable(long size) =>
        new(416, "range_not_satisfiable", string.Create(CultureInfo.InvariantCulture, $"the range begins behind the end of the file, which has {size} bytes"))
        {
            Details = One("size", size),
        };

    public static ApiError NotReady(IReadOnlyList<Runtime.HealthCheck> checks) =>
        new(503, "not_ready", $"not ready: {string.Join(", ", checks.Where(c => !c.Ok).Select(c => c.Name))}") { Checks = checks };

    public static ApiError ReloadRefused(ReloadResult result) => new(400, "configuration_refused", result.Refusal ?? "reload refused")
    {
        Hint = "mend what details.errors lists, then reload again",
        Details = One("errors", result.Errors),
    };

    public static ApiError TooManyStreams(int limit) =>
        new(429, "quota_exceeded", string.Create(CultureInfo.InvariantCulture, $"the session holds {limit} streams open already; close one first"))
        {
            Details = new Dictionary<string, object> { ["quota"] = "streams_per_session", ["limit"] = limit },
        };

    public static ApiError LinkInvalid() => new(401, "link_invalid", "the link is not good here, or its time is over")
    {
        Hint = "ask whoever gave it for a new one: POST /sandboxes/{id}/links",
    };

    public static ApiError OtherSite() => new(403, "host_not_allowed", "forbidden: the page of another site may not use this browser's link")
    {
        Hint = "open the link itself, or call with X-Session-Token",
    };

    public static ApiError PortFailed(int port, string sandbox) => new(
        502, "port_failed",
        string.Create(CultureInfo.InvariantCulture, $"the server on port {port} of sandbox {sandbox} broke the connection before it answered, or does not speak HTTP"))
    {
        Hint = "look at the server's own output; HTTPS inside a sandbox is not spoken here, a TCP port (listen) carries any protocol",
    };

    public static ApiError Internal() =>
        new(500, "internal", "internal error; the daemon log has the cause under this request id");

    private static string Shown(string sent) => sent.Length <= MostShown ? sent : sent[..MostShown] + "...";

    private static Dictionary<string, object> One(string key, object value) => new() { [key] = value };
}
