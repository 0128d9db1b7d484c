using FsCheck;
using FsCheck.Fluent;

namespace Sleigh.TestSupport;

/// <summary>Generated requests: endpoint, path, query, headers and body, each a little or wholly wrong.</summary>
public static class FuzzRequests
{
    private static readonly string[] QueryNames =
    [
        "session_token", "stream", "offset", "limit", "encoding", "stdout_offset", "stderr_offset", "last_event_id", "types", "sandbox_id", "path", "cursor",
        "to", "prefix", "name", "mode", "uid", "gid", "session_id", "depth", "", "a", "limit[]", "%00",
    ];

    private static readonly string[] QueryValues =
    [
        "", "0", "1", "-1", "99999999999999999999", "1.5", "1e3", "x", "stdout", "stderr", "base64", "utf8", "/", "/etc/passwd", "/etc/../../x", "live", "memory.",
        "%00", "%ff%fe", "%", "%zz", "%F0%9F%98%80", "%u0041", "a%0d%0ab", "+", "%2B", "snap_000000000000", "exec.,,", "e30.e30",
    ];

    private static readonly string[] Segments = ["sbx_000000000000", "exec_000000000000", "snap_000000000000", "x", "%20", "%ff", "..%2f..", "%2e%2e", "a%0ab", "%F0%9F%98%80", "sbx_", "SBX_000000000000"];

    private static readonly (string Name, string[] Values)[] HeaderValues =
    [
        ("Idempotency-Key", ["k1", "k2", "", " ", "~", "ä", new string('k', 255), new string('k', 256), "a\tb"]),
        ("X-Request-Id", ["fine-1", "", "a b", "ä", new string('r', 128), new string('r', 129), "<script>", "../../x"]),
        ("Last-Event-ID", ["0", "0.0", "5.7", "-1", "1.", ".1", "1.2.3", "x", "", "99999999999999999999", "99999999999.99999999999999999999999"]),
        ("Range", ["bytes=0-1", "bytes=-5", "bytes=5-", "bytes=9-1", "bytes=0-1,3-4", "lines=1-2", "bytes=", "x", "bytes=0-99999999999999999999"]),
        ("X-Session-Token", ["", " ", "sess_", "sess_00000000000000000000000000000000", "ä", new string('t', 4000)]),
        ("Authorization", ["Bearer", "Bearer ", "Bearer x", "Basic eA==", "ä"]),
        ("Content-Type", ["", "application/json", "text/plain; charset=utf-16", "multipart/form-data", "nonsense"]),
        ("Accept", ["text/event-stream", "text/html", "*/*;q=0", ""]),
        ("Accept-Encoding", ["gzip", "br", "identity;q=0"]),
        ("Content-Encoding", ["gzip", "nonsense"]),
        ("Upgrade", ["sleigh-attach", "h2c", "websocket"]),
        ("Expect", ["100-continue"]),
        ("If-None-Match", ["*", "\"x\""]),
        ("If-Match", ["\"x\""]),
        ("Origin", ["null", "http://localhost", "http://evil.example", "x"]),
        ("Traceparent", ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-x", ""]),
        ("X-Forwarded-For", ["127.0.0.1", "192.0.2.1"]),
        ("X-Odd", ["ä€😀", "a,b,,c", "\"", new string('x', 2000)]),
    ];

    private static readonly Gen<(string, string)> Header =
        from header in Gen.Elements(HeaderValues)
        from value in Gen.Elements(header.Values)
        select (header.Name, value);

    private static readonly Gen<string> Query = Gen.Frequency(
        (6, Gen.Constant("")),
        (5, from count in Gen.Choose(1, 4)
            from pairs in Gen.ArrayOf(from name in Gen.Elements(QueryNames) from value in Gen.Elements(QueryValues) select $"{name}={value}", count)
            select "?" + string.Join('&', pairs)),
        (1, Gen.Elements("?", "?&&&", "?=", "?a", "?=b&=", "?%", "?" + new string('q', 3000), "?a=" + string.Concat(Enumerable.Repeat("%41", 1000)))));

    /// <summary>Requests for these endpoints; most carry the right token and the right ids.</summary>
    public static Gen<FuzzRequest> For(IReadOnlyList<FuzzEndpoint> endpoints, FuzzIds ids) =>
        from endpoint in Gen.Elements(endpoints.AsEnumerable())
        from path in PathOf(endpoint, ids)
        from query in Query
        from isKnown in Gen.Frequency((8, Gen.Constant(true)), (1, Gen.Constant(false)))
        from count in Gen.Frequency((5, Gen.Constant(0)), (3, Gen.Choose(1, 3)))
        from headers in Gen.ArrayOf(Header, count)
        from body in BodyOf(endpoint, ids)
        select new FuzzRequest(
            endpoint,
            path + query,
            [.. isKnown && !headers.Any(h => h.Item1 == "X-Session-Token") ? [("X-Session-Token", ids.Token)] : Array.Empty<(string, string)>(), .. headers.DistinctBy(h => h.Item1)],
            body);

    private static Gen<string> PathOf(FuzzEndpoint endpoint, FuzzIds ids)
    {
        string right = "/" + endpoint.Pattern
            .Replace("{id}", ids.Sandbox, StringComparison.Ordinal).Replace("{execId}", ids.Exec, StringComparison.Ordinal)
            .Replace("{snapshotId}", ids.Snapshot, StringComparison.Ordinal).Replace("{sessionId}", ids.Session, StringComparison.Ordinal)
            .Replace("{mountId}", "mnt_000000000000", StringComparison.Ordinal).Replace("{port}", "8080", StringComparison.Ordinal).Replace("{delivery}", "whd_000000000000", StringComparison.Ordinal);
        string[] segments = right[1..].Split('/');
        return Gen.Frequency(
            (9, Gen.Constant(right)),
            (1, from at in Gen.Choose(0, segments.Length - 1)
                from odd in Gen.Elements(Segments)
                select "/" + string.Join('/', segments.Select((s, i) => i == at ? odd : s))));
    }

    private static Gen<byte[]> BodyOf(FuzzEndpoint endpoint, FuzzIds ids)
    {
        if (!FuzzFields.ByEndpoint.TryGetValue($"{endpoint.Method} {endpoint.Pattern}", out string[]? names))
        {
            return Gen.Frequency((6, Gen.Constant(Array.Empty<byte>())), (1, FuzzBodies.For([])));
        }

        return FuzzBodies.For(names).Select(body => Replace(body, ids));
    }

    private static byte[] Replace(byte[] body, FuzzIds ids)
    {
        if (body.AsSpan().IndexOfAny("{S}"u8) < 0)
        {
            return body;
        }

        // Latin-1 keeps every byte as it is.
        string text = System.Text.Encoding.Latin1.GetString(body);
        return System.Text.Encoding.Latin1.GetBytes(text
            .Replace("{S}", ids.Sandbox, StringComparison.Ordinal).Replace("{E}", ids.Exec, StringComparison.Ordinal).Replace("{P}", ids.Snapshot, StringComparison.Ordinal));
    }
}
