using static Sleigh.Api.OpenApi.Make;

namespace Sleigh.Api.OpenApi;

/// <summary>Ports and links.</summary>
internal static class PortSchemas
{
    public static IEnumerable<(string Name, Schema Schema)> List() =>
    [
        ("Port", Object(
            Has("port", Int.AtLeast(1).AtMost(65_535)),
            Has("status", OneOf("listening", "waiting", "refused"), "waiting: nothing has listened there yet; refused: a server was seen there and is gone, or loopback does not reach it."),
            Has("path", Text.Like("^/"), "Where the server is reached, on the API's own address."),
            May("host", Text, "The host name that leads to the server; only with ingress.domain."),
            May("tcp", Text, "The address on the host whose connections lead to it; only with listen."),
            May("tcp_error", Text, "Why nothing listens at that address."))),
        ("Ports", Items("Port")),
        ("Link", Object(
            Has("port", Int.AtLeast(1).AtMost(65_535)),
            Has("url", Text),
            Has("expires_at", Millis))),
    ];
}
