using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Memory of a sandbox.</summary>
internal static class MemoryRows
{
    private const string Tag = "memory";

    public static IEnumerable<OperationRow> List() =>
    [
        new("GET", "/sandboxes/{id}/memory/pressure", 16, Tag, "Show memory, limit and decisions")
        {
            Replies = [new(200, "The figures of now.", Ref("MemoryPressure"))],
        },
        new("POST", "/sandboxes/{id}/memory/expand", 17, Tag, "Raise the memory limit")
        {
            Description = "Takes effect at once, without a restart. The limit is never lowered by this call.",
            Fields =
            [
                May("target_mb", Int, "The new limit, at least 64; one above the ceiling is lowered to it.", 0),
                May("auto_expand", Bool, "One automatic step; target_mb is not looked at then.", false),
            ],
            Replies = [new(200, "What was done.", Ref("ExpandResult"))],
            Errors = ["invalid_argument", "target_not_above_current", "host_memory_low", "sandbox_busy"],
            Example = """{"target_mb":1024}""",
        },
    ];
}
