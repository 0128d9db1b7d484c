using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>The daemon, the host, events, and this document.</summary>
internal static class HostRows
{
    private const string Tag = "daemon and host";

    public static IEnumerable<OperationRow> List() =>
    [
        new("GET", "/healthz", 1, Tag, "Whether the process serves requests")
        {
            Replies = [new(200, "It does.", Ref("Health"))],
        },
        new("GET", "/readyz", 42, Tag, "Whether everything it needs is there")
        {
            Replies = [new(200, "It is.", Ref("Readiness"))],
            Errors = ["not_ready"],
            SpecialError = (503, "NotReady"),
        },
        new("GET", "/resources", 3, Tag, "Show the host's resources")
        {
            Replies = [new(200, "The figures of now.", Ref("Resources"))],
        },
        new("GET", "/diagnostics/oom", 4, Tag, "Judge how close the host is to running out of memory")
        {
            Description = "May send an alert to alerts.webhook_url, for the levels high and critical.",
            Replies = [new(200, "The judgement.", Ref("OomDiagnostics"))],
        },
        new("POST", "/maintenance/exec-tasks/cleanup", 28, Tag, "Delete records of commands that are older than exec.history_days")
        {
            Replies = [new(200, "Deleted.", Ref("Cleanup"))],
        },
        new("GET", "/warm-pool", 29, Tag, "Show the pool of parked containers")
        {
            Replies = [new(200, "The figures of now.", Ref("WarmPool"))],
        },
        new("POST", "/warm-pool/refill", 30, Tag, "Fill the pool")
        {
            Description = "Answers when the pool is full or cannot be filled.",
            Replies = [new(200, "The figures then.", Ref("WarmPool"))],
            Errors = ["host_memory_low", "engine_unavailable"],
        },
        new("GET", "/events", 38, "events", "Follow what happens in the session")
        {
            Description = "Each event is an Event. The last events.kept_per_session are kept across restarts; stream.gap tells what is missing, stream.end why the stream ends.",
            Query =
            [
                May("sandbox_id", Id("sbx"), "Only this sandbox."),
                May("types", Text, "A comma list of types, or beginnings such as memory."),
                May("last_event_id", Int.AtLeast(0), "Go on behind this number; 0: from the oldest kept; not sent: from now on."),
            ],
            Headers = [Shared.LastEventId("As last_event_id; beats it.")],
            Replies = [new(200, "Server-sent events.", Text, ReplyRow.Events)],
            Errors = ["invalid_argument", "forbidden", "quota_exceeded"],
            ExampleQuery = "?types=memory.",
        },
        new("GET", "/openapi.json", 39, Tag, "This document")
        {
            Headers = [May("If-None-Match", Text, "The ETag of a copy that the caller has.")],
            Replies = [new(200, "OpenAPI 3.1.", Facts), new(304, "The copy is the same.")],
        },
        new("GET", "/docs", 40, Tag, "This document as a page")
        {
            Headers = [May("If-None-Match", Text, "The ETag of a copy that the caller has.")],
            Replies = [new(200, "A page that loads nothing from other hosts and has no scripts.", Text, "text/html"), new(304, "The copy is the same.")],
        },
        new("GET", "/metrics", 41, Tag, "Figures for Prometheus")
        {
            Description = "No label holds a token or the id of a session, sandbox or command.",
            Replies = [new(200, "Text format 0.0.4.", Text, "text/plain")],
        },
    ];
}
