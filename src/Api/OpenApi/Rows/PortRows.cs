using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Ports of sandboxes. The requests to the servers themselves are no operations of this document.</summary>
internal static class PortRows
{
    private const string Tag = "ports";

    public static IEnumerable<OperationRow> List() =>
    [
        new("GET", "/sandboxes/{id}/ports", 0, Tag, "List the sandbox's declared ports")
        {
            Replies = [new(200, "All of them, by number.", Ref("Ports"))],
        },
        new("GET", "/sandboxes/{id}/ports/{port}", 0, Tag, "Read one port, or wait until a server listens on it")
        {
            Description = "A wait answers as soon as the server listens, or with the status reached when the time is over. Nothing is connected to for it.",
            Query =
            [
                May("wait", OneOf("listening"), "Not sent: answer at once."),
                May("timeout_seconds", Int.AtLeast(0).AtMost(300), "Of the wait.", 20),
            ],
            Replies = [new(200, "The port.", Ref("Port"))],
            Errors = ["invalid_argument"],
            ExampleQuery = "?wait=listening&timeout_seconds=10",
        },
        new("PUT", "/sandboxes/{id}/ports/{port}", 0, Tag, "Declare a port, or change it")
        {
            Description = "A server that listens there is reached below /sandboxes/{id}/ports/{port}/ from then on: any method, WebSocket too.",
            Fields = [May("listen", Bool, "Whether a TCP port of the host's loopback leads to it. Not sent: as it is, at first none.")],
            Replies = [new(200, "The port.", Ref("Port"))],
            Errors = ["invalid_argument", "unsupported_on_host", "quota_exceeded"],
            Example = """{"listen":true}""",
        },
        new("DELETE", "/sandboxes/{id}/ports/{port}", 0, Tag, "Take a port back")
        {
            Description = "Its TCP port is closed, and its links are not good any more.",
            Replies = [ReplyRow.Done],
            Errors = ["invalid_argument"],
        },
        new("POST", "/sandboxes/{id}/links", 0, Tag, "Make a link that opens one port without a token, for a time")
        {
            Description = "For browsers: the first use sets a cookie for this port alone, with which the page's further requests pass.",
            Fields =
            [
                Has("port", Int.AtLeast(1).AtMost(65_535), "A declared port."),
                May("expires_in_seconds", Int.AtLeast(1).AtMost(2_592_000), null, 3600),
                May("path", Text.Longest(2048).Like("^/"), "Where on the server it leads, with its query.", "/"),
            ],
            Replies = [new(201, "The link.", Ref("Link"))],
            Errors = ["bad_request", "invalid_argument"],
            Example = """{"port":8080,"expires_in_seconds":600}""",
        },
    ];
}
