using System.Globalization;
using Sleigh.Api.Errors;
using Sleigh.Runtime;

namespace Sleigh.Api.Requests;

/// <summary>Query of <c>GET /events</c>.</summary>
/// <param name="Sandbox">Only events of this sandbox.</param>
/// <param name="Types">Types, or their beginnings; none: all.</param>
/// <param name="After">Go on behind this number; 0: from the oldest kept; null: from now on.</param>
internal sealed record EventQuery(SandboxId? Sandbox, IReadOnlyList<string> Types, long? After)
{
    private const int MaxTypes = 64;

    /// <summary>Only events of this session, where events of all are read.</summary>
    public SessionId? Session { get; init; }

    /// <summary>Reads it from raw values, null where one is not there. The header beats the query.</summary>
    public static EventQuery Parse(string? sandbox, string? types, string? header, string? query)
    {
        SandboxId? only = null;
        if (sandbox is not null)
        {
            only = SandboxId.TryParse(sandbox, out SandboxId id) ? id : throw ApiErrors.Invalid("sandbox_id", "is not the id of a sandbox").Exception();
        }

        string[] words = types?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        return words.Length <= MaxTypes && Array.TrueForAll(words, IsType)
            ? new EventQuery(only, words, header is not null ? Number("Last-Event-ID", header) : query is not null ? Number("last_event_id", query) : null)
            : throw ApiErrors.Invalid("types", "must be a comma list of event types or beginnings such as memory.").Exception();
    }

    /// <summary>Whether an event is asked for.</summary>
    public bool Matches(SessionEvent e) =>
        (Sandbox is null || e.Sandbox == Sandbox) && (Session is null || e.Session == Session) && (Types.Count == 0 || Types.Any(t => e.Type.StartsWith(t, StringComparison.Ordinal)));

    private static bool IsType(string word) => word.Length <= MaxTypes && word.All(c => char.IsAsciiLetterLower(c) || c is '.' or '_');

    private static long Number(string field, string text) =>
        long.TryParse(text.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw ApiErrors.Invalid(field, "must be the number of an event, or 0 for the oldest kept").Exception();
}
