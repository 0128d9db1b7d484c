using System.Globalization;
using System.Net;
using Microsoft.Extensions.Primitives;

namespace Sleigh.Api.Ingress;

/// <summary>What becomes of headers between a caller and a server in a sandbox. Pure: values in, values out.</summary>
internal static class IngressHeaders
{
    private static readonly HashSet<string> Hop = new(StringComparer.OrdinalIgnoreCase)
    {
        "Connection", "Keep-Alive", "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "TE", "Trailer", "Transfer-Encoding", "Upgrade",
    };

    // Ours, made anew, or dealt with by the two connections themselves.
    private static readonly HashSet<string> NotIn = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Content-Length", "Expect", "X-Session-Token", "Cookie", "Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto",
        "X-Forwarded-Port", "X-Forwarded-Prefix",
    };

    // They speak for the whole host name, or for all of an origin.
    private static readonly HashSet<string> NotOut = new(StringComparer.OrdinalIgnoreCase)
    {
        "Strict-Transport-Security", "Alt-Svc", "Set-Cookie2", "X-Request-Id", "Content-Length",
    };

    private static readonly HashSet<string> NotOutOfSharedOrigin = new(StringComparer.OrdinalIgnoreCase)
    {
        "Clear-Site-Data", "Service-Worker-Allowed", "NEL", "Report-To", "Reporting-Endpoints",
    };

    /// <summary>The headers for the server, Host among them.</summary>
    /// <param name="sent">As the caller sent them.</param>
    /// <param name="target">Where they go.</param>
    /// <param name="port">The port's number.</param>
    /// <param name="peer">Who called; null: over the unix socket.</param>
    /// <param name="isApiKey">Whether an Authorization header holds the daemon's own key.</param>
    public static IEnumerable<(string Name, string Value)> ForServer(
        IEnumerable<KeyValuePair<string, StringValues>> sent, IngressTarget target, int port, IPAddress? peer, Func<StringValues, bool> isApiKey)
    {
        Dictionary<string, StringValues> headers = new(sent, StringComparer.OrdinalIgnoreCase);
        HashSet<string> named = Named(headers.GetValueOrDefault("Connection"));
        string host = headers.GetValueOrDefault("Host").ToString();
        string here = string.Create(CultureInfo.InvariantCulture, $"localhost:{port}");
        yield return ("Host", here);
        foreach ((string name, StringValues values) in headers)
        {
            if (name.StartsWith(':') || Hop.Contains(name) || NotIn.Contains(name) || named.Contains(name))
            {
                continue;
            }

            foreach (string? value in values)
            {
                if (name.Equals("Authorization", StringComparison.OrdinalIgnoreCase) && isApiKey(value))
                {
                    continue;
                }

                yield return (name, name.ToLowerInvariant() switch
                {
                    "origin" when IsOf(value, host) => $"http://{here}",
                    "referer" => PlainQuery.OfAddress(value ?? ""),
                    _ => value ?? "",
                });
            }
        }

        if (LinkCookie.Without(headers.GetValueOrDefault("Cookie")) is { } cookies)
        {
            yield return ("Cookie", cookies);
        }

        string chain = string.Join(", ", headers.GetValueOrDefault("X-Forwarded-For").Append(Text(peer)).Where(one => !string.IsNullOrEmpty(one)));
        if (chain.Length > 0)
        {
            yield return ("X-Forwarded-For", chain);
        }

        yield return ("X-Forwarded-Proto", IsSecure(headers.GetValueOrDefault("X-Forwarded-Proto")) ? "https" : "http");
        if (host.Length > 0)
        {
            yield return ("X-Forwarded-Host", host);
        }

        if (!target.IsByHost)
        {
            yield return ("X-Forwarded-Prefix", target.Prefix);
        }
    }

    /// <summary>A header of the server's answer as the caller gets it; null: not at all.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="connection">The answer's Connection header.</param>
    /// <param name="target">Whose answer it is.</param>
    /// <param name="port">The port's number.</param>
    public static string? ForCaller(string name, string value, StringValues connection, IngressTarget target, int port)
    {
        if (Hop.Contains(name) || NotOut.Contains(name) || (!target.IsByHost && NotOutOfSharedOrigin.Contains(name)) || Named(connection).Contains(name)
            || value.AsSpan().ContainsAnyInRange('\0', '\b') || value.AsSpan().ContainsAnyInRange('\n', '\x1f') || value.Contains('\x7f', StringComparison.Ordinal))
        {
            return null;
        }

        return name.ToLowerInvariant() switch
        {
            "set-cookie" => LinkCookie.Confine(value, target),
            "location" or "content-location" => Location(value, target, port),
            _ => value,
        };
    }

    /// <summary>An address that the server gives of itself, as it is for the caller.</summary>
    public static string Location(string address, IngressTarget target, int port)
    {
        foreach (string host in (ReadOnlySpan<string>)["localhost", "127.0.0.1", "[::1]"])
        {
            foreach ((string scheme, int usual) in (ReadOnlySpan<(string, int)>)[("http", 80), ("https", 443)])
            {
                string full = string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}:{port}");
                if (StartsAt(address, full) || (port == usual && StartsAt(address, full = $"{scheme}://{host}")))
                {
                    string rest = address[full.Length..];
                    string path = rest.StartsWith('/') ? rest : "/" + rest;

                    // By host name there is nothing before it, and two slashes at the beginning would name another host.
                    return target.IsByHost && path is [_, '/' or '\\', ..] ? "/." + path : target.Prefix + path;
                }
            }
        }

        bool isPath = address.StartsWith('/') && !address.StartsWith("//", StringComparison.Ordinal);
        return !isPath || StartsAt(address, target.Prefix) ? address : target.Prefix + address;
    }

    /// <summary>Whether a proxy before us says that the caller came over TLS. It decides no right, only what addresses and cookies look like.</summary>
    public static bool IsSecure(StringValues forwardedProto) =>
        forwardedProto.ToString().Split(',')[0].Trim().Equals("https", StringComparison.OrdinalIgnoreCase);

    private static bool StartsAt(string address, string start) =>
        start.Length > 0 && address.StartsWith(start, StringComparison.OrdinalIgnoreCase)
        && (address.Length == start.Length || address[start.Length] is '/' or '?' or '#');

    private static bool IsOf(string? origin, string host) =>
        origin is not null && host.Length > 0
        && (origin.Equals($"http://{host}", StringComparison.OrdinalIgnoreCase) || origin.Equals($"https://{host}", StringComparison.OrdinalIgnoreCase));

    private static string? Text(IPAddress? peer) => peer is { IsIPv4MappedToIPv6: true } ? peer.MapToIPv4().ToString() : peer?.ToString();

    private static HashSet<string> Named(StringValues connection) => new(
        connection.SelectMany(value => (value ?? "").Split(',')).Select(word => word.Trim()).Where(word => word.Length > 0), StringComparer.OrdinalIgnoreCase);
}
