using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>What several rows have in common.</summary>
internal static class Shared
{
    /// <summary>The header of calls that run once.</summary>
    public static Member IdempotencyKey { get; } = May(
        "Idempotency-Key", Text.Like("^[ -~]{1,255}$"), "A second call with the same key and body gets the kept reply, with Idempotency-Replayed: true.");

    /// <summary>Where a stream of events goes on.</summary>
    public static Member LastEventId(string description) => May("Last-Event-ID", Text, description);

    /// <summary>The path of a file.</summary>
    public static Member FilePath { get; } = Has("path", Text.Like("^/"), "Absolute path inside the sandbox.");
}
