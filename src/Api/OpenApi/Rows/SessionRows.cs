using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Sessions and their history.</summary>
internal static class SessionRows
{
    private const string Tag = "sessions";

    public static IEnumerable<OperationRow> List() =>
    [
        new("POST", "/sessions/token", 2, Tag, "Issue a session token")
        {
            Description = "Any body is ignored.",
            Replies = [new(201, "The token, shown only here.", Ref("IssuedToken"))],
            Errors = ["rate_limited"],
        },
        new("GET", "/sessions/{sessionId}", 32, Tag, "Show the session")
        {
            Replies = [new(200, "The session.", Ref("Session"))],
            Errors = ["forbidden"],
        },
        new("DELETE", "/sessions/{sessionId}", 31, Tag, "End the session and delete everything it owns")
        {
            Description = "With the session's own token, or with the api key and the id of any session.",
            Replies = [ReplyRow.Done],
            Errors = ["forbidden", "not_found"],
        },
        new("GET", "/sessions/{sessionId}/exec-tasks", 27, Tag, "List the session's commands, newest first")
        {
            Description = "Commands of deleted sandboxes are included until retention. A cursor belongs to one session and one limit.",
            Query =
            [
                May("limit", Int.AtMost(200), "Not a number or 0 and below: 20; above 200: 200.", 20),
                May("cursor", Text, "next_cursor of the page before."),
            ],
            Replies = [new(200, "A page.", Ref("ExecHistory"))],
            Errors = ["forbidden", "invalid_cursor"],
            ExampleQuery = "?limit=20",
        },
    ];
}
