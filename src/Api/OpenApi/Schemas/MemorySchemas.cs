using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Memory of a sandbox: endpoints 16 and 17 of the contract, and what we add to them.</summary>
internal static class MemorySchemas
{
    private static readonly Schema Trigger = OneOf("psi", "high", "usage", "manual");

    public static IEnumerable<(string Name, Schema Schema)> List() =>
    [
        ("MemoryPressure", Object(
            Has("near_limit", Bool),
            Has("usage_percent", Number, "Working set in percent of the limit."),
            May("current_bytes", Count, "memory.current, page cache included."),
            May("limit_bytes", Count),
            May("current_limit_mb", Count),
            May("reason", Text),
            Has("working_set_bytes", Count),
            Has("psi", Object(Has("some_avg10", Number), Has("full_avg10", Number), Has("some_total_usec", Count), Has("full_total_usec", Count))),
            Has("events", Object(Has("high", Count), Has("max", Count), Has("oom", Count), Has("oom_kill", Count)), "Since the sandbox started."),
            May("high_bytes", Count, "The brake; left out when there is none."),
            Has("max_bytes", Count),
            Has("ceiling_bytes", Count),
            Has("growth", Make.List(Object([Has("time", Millis), .. Growth()])), "The last 20 decisions to grow, newest first."),
            May("growth_unavailable", Text, "Why this sandbox does not grow."),
            May("waiting", Bool, "A growth is being waited for."),
            May("squeezed", Bool, "Frozen to save memory."),
            Has("ledger", Object(Has("budget_bytes", Count), Has("promised_bytes", Count), Has("used_bytes", Count), Has("room_bytes", Int)), "The host's sums."),
            Has("decisions", Make.List(Ref("MemoryDecision")), "The last 20 decisions of all kinds, newest first."))),
        ("MemoryDecision", Object(
            Has("time", Millis),
            Has("action", OneOf("grown", "refused", "given_back", "squeezed")),
            May("trigger", Trigger),
            Has("from_mb", Count),
            Has("to_mb", Count),
            May("wanted_mb", Count),
            May("cause", OneOf("off", "ceiling", "host_short")),
            Has("reason", Text),
            Has("usage_bytes", Count),
            Has("working_set_bytes", Count),
            Has("wall_bytes", Count),
            Has("slope_bytes_per_second", Int),
            Has("stall_usec", Count),
            Has("room_bytes", Int),
            May("given_back_bytes", Count),
            May("delay_usec", Count, "From the kernel's notification to the written limit."))),
        ("ExpandResult", Object(
            Has("triggered", Bool),
            May("from_mb", Count),
            May("to_mb", Count),
            May("reason", Text),
            Has("ceiling_mb", Count),
            May("clamped", Bool, "The target was lowered to the ceiling."))),
    ];

    /// <summary>The members of a growth entry without its time.</summary>
    public static Member[] Growth() =>
    [
        Has("from_mb", Count), Has("to_mb", Count), Has("granted", Bool), Has("trigger", Trigger), Has("reason", Text),
    ];
}
