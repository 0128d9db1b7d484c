using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Sleigh.Api.Errors;
using Sleigh.Runtime.Options;

namespace Sleigh.Api.Transport;

/// <summary>
/// Keeps web pages away: a page in the operator's browser can reach loopback, but its requests carry its own Origin, and after a
/// DNS trick its own Host.
/// </summary>
internal sealed class HostAndOrigin
{
    private readonly bool _hasKey;
    private readonly HashSet<string> _hosts;
    private readonly HashSet<string> _origins;

    public HostAndOrigin(HttpOptions options)
    {
        _hasKey = options.ApiKey is not null;
        _hosts = new HashSet<string>(options.AllowedHosts, StringComparer.OrdinalIgnoreCase) { "localhost", "127.0.0.1", "[::1]" };
        _origins = new HashSet<string>(options.AllowedOrigins.Select(o => o.TrimEnd('/')), StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>Checks both headers.</summary>
    /// <param name="host">The Host header.</param>
    /// <param name="origin">The Origin header.</param>
    /// <param name="isKnown">Whether the host is one that leads to a sandbox: a page of it can reach no other.</param>
    /// <returns>The origin that CORS headers must name; null when there are none to send.</returns>
    /// <exception cref="ApiException">403 <c>host_not_allowed</c>.</exception>
    public string? Check(StringValues host, StringValues origin, bool isKnown = false)
    {
        string hostText = host is [{ } one] ? one : "";
        if (!isKnown && !_hasKey && !_hosts.Contains(hostText) && !_hosts.Contains(Split(hostText).Name))
        {
            throw ApiErrors.HostNotAllowed("Host", "http.allowed_hosts").Exception();
        }

        if (origin.Count == 0)
        {
            return null;
        }

        if (origin is [{ } sent])
        {
            if (_origins.Contains(sent))
            {
                return sent;
            }

            if (NamesHost(sent, hostText))
            {
                return null;
            }
        }

        throw ApiErrors.HostNotAllowed("Origin", "http.allowed_origins").Exception();
    }

    /// <summary>
    /// Whether a web page sends it that is not one of <c>http.allowed_origins</c>: a server in a sandbox that is reached by path has the origin of
    /// the API itself, and its pages are as little trusted as any.
    /// </summary>
    /// <param name="headers">Browsers send Origin with all but plain reads, and Sec-Fetch-Site with those.</param>
    public bool IsFromPage(IHeaderDictionary headers) => headers.Origin.Count > 0
        ? headers.Origin is not [{ } origin] || !_origins.Contains(origin)
        : headers["Sec-Fetch-Site"] is { Count: > 0 } site && site != "none";

    private static bool NamesHost(string origin, string host)
    {
        int scheme = origin.IndexOf("://", StringComparison.Ordinal);
        if (scheme <= 0 || host.Length == 0)
        {
            return false;
        }

        string usualPort = origin.StartsWith("https:", StringComparison.OrdinalIgnoreCase) ? "443" : "80";
        (string originName, string originPort) = Split(origin[(scheme + 3)..]);
        (string hostName, string hostPort) = Split(host);
        return string.Equals(originName, hostName, StringComparison.OrdinalIgnoreCase)
            && (originPort.Length > 0 ? originPort : usualPort) == (hostPort.Length > 0 ? hostPort : usualPort);
    }

    // The colons of an IPv6 address stand inside brackets.
    private static (string Name, string Port) Split(string host)
    {
        int colon = host.LastIndexOf(':');
        return colon > host.LastIndexOf(']') ? (host[..colon], host[(colon + 1)..]) : (host, "");
    }
}
