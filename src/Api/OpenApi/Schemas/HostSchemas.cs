using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Errors, events, and what the host says of itself: sections 1.4 and endpoints 1, 3, 4, 28, 38 and 42 of the contract.</summary>
internal static class HostSchemas
{
    private static readonly Member[] ErrorHead =
    [
        Has("error", Text, "A sentence for a person or an agent."),
        Has("code", Text.Like("^[a-z_]+$"), "A stable word; programs branch on this."),
        May("hint", Text, "What to do next."),
        May("details", Make.Facts, "Facts for programs."),
    ];

    private static readonly Member RequestId = Has("request_id", Text, "The same value as the X-Request-Id header.");

    private static readonly Schema Checks = Make.List(Object(Has("name", Text), Has("ok", Bool), May("message", Text)));

    private static readonly Schema Engine = Object(Has("available", Bool), May("server_version", Text), May("error", Text));

    private static readonly string[] Averages = ["some_avg10", "some_avg60", "some_avg300", "full_avg10", "full_avg60", "full_avg300"];

    private static readonly Schema Pressure = Object(Averages.Select(n => Has(n, Number)));

    private static readonly Schema HostMemory = Object(
        Has("total_bytes", Count), Has("available_bytes", Count), Has("swap_total_bytes", Count), Has("swap_free_bytes", Count),
        Has("available_ratio", Number.AtLeast(0).AtMost(1)));

    public static IEnumerable<(string Name, Schema Schema)> List() =>
    [
        ("Error", Object([.. ErrorHead, RequestId]) with { Description = "Every error, on every path." }),
        ("CreateConflict", Object(
        [
            .. ErrorHead,
            May("image_pull_needed", Bool),
            May("resolved_image", Text),
            May("next_action", Text),
            May("cache_check_timed_out", Bool),
            RequestId,
        ]) with { Description = "An error; with code image_pull_needed it has the image's members." }),
        ("NotReady", Object([.. ErrorHead, May("checks", Checks), RequestId])),
        ("Health", Object(
            Has("status", OneOf("ok")), Has("time", Seconds), Has("version", Text), Has("sandbox_kind", OneOf("containerd")))),
        ("Readiness", Object(Has("status", OneOf("ready")), Has("checks", Checks))),
        ("Resources", Object(
            Has("time", Seconds),
            Has("cpu", Object(Has("logical_cores", Count))),
            Has("memory", HostMemory),
            Has("docker", Engine, "The container engine under the name that existing readers know."),
            Has("load_avg", Object(Has("avg1", Number), Has("avg5", Number), Has("avg15", Number))),
            Has("engine", Object([Has("kind", OneOf("containerd")), .. Engine.Members!])),
            Has("pressure", Pressure),
            Has("disk", Object(Has("total_bytes", Count), Has("free_bytes", Count))),
            Has("sandboxes", Object(Has("running", Count), Has("total", Count))),
            Has("memory_budget", Object(Has("budget_bytes", Count), Has("limits_total_bytes", Count), Has("used_bytes", Count))))),
        ("OomDiagnostics", Object(
            Has("time", Seconds),
            Has("risk_level", OneOf("critical", "high", "medium", "low")),
            Has("memory", HostMemory),
            Has("pressure", Pressure, "Of the host, in percent."),
            Has("signals", Make.List(Text)),
            Has("recommendations", Make.List(Text)),
            Has("alert", Object(May("target", Text), Has("dispatched", Bool), May("error", Text))))),
        ("Cleanup", Object(Has("deleted_rows", Count), Has("before", Seconds))),
        ("Event", Object(
            May("seq", Count, "Grows by one per event of the session; messages of the stream itself have none."),
            Has("type", Text.Like(@"^[a-z]+\.[a-z_]+$")),
            Has("time", Millis),
            May("session_id", Id("sid")),
            May("sandbox_id", Id("sbx")),
            May("exec_id", Id("exec")),
            Has("data", Make.Facts, "Of exec.finished an ExecSummary, of memory.oom an Oom, of memory.grown and memory.growth_refused a growth entry."))),
        ("OutputPiece", Object(Has("offset", Count), Has("next_offset", Count), Has("data", Text))
            with { Description = "The data of the events stdout and stderr." }),
        ("OutputTruncated", Object(Has("stream", OneOf("stdout", "stderr")), Has("stored_bytes", Count))
            with { Description = "The data of the event truncated: the spool of this stream is full." }),
    ];
}
