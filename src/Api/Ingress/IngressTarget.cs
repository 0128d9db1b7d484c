using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Sleigh.Api.Errors;

namespace Sleigh.Api.Ingress;

/// <summary>A request that is for a server in a sandbox, as it was sent: nothing of it is decoded.</summary>
/// <param name="Sandbox">The text where the sandbox's id stands.</param>
/// <param name="Port">The text where the port stands.</param>
/// <param name="Prefix">What stands before the server's own path: <c>/sandboxes/{id}/ports/{port}</c>; empty where the host name says it.</param>
/// <param name="Path">The server's own path, from its slash on.</param>
/// <param name="Query">From the question mark on; empty: none.</param>
internal sealed record IngressTarget(string Sandbox, string Port, string Prefix, string Path, string Query)
{
    private const string IdStart = "sbx";

    /// <summary>The path pattern for figures.</summary>
    public const string Route = "/sandboxes/{id}/ports/{port}/{path}";

    /// <summary>Whether the host name says where it goes.</summary>
    public bool IsByHost => Prefix.Length == 0;

    /// <summary>The server's address, with path and query as they were sent, but for what opens the way.</summary>
    /// <param name="host">A name that stands for the sandbox.</param>
    /// <param name="port">The port inside.</param>
    /// <exception cref="ApiException">400: it cannot be part of an address.</exception>
    public Uri AddressAt(string host, int port)
    {
        string address = string.Create(CultureInfo.InvariantCulture, $"http://{host}:{port}{Path}{PlainQuery.Without(Query)}");
        return Uri.TryCreate(address, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }, out Uri? uri)
            ? uri
            : throw ApiErrors.NoAddress(Path).Exception();
    }

    /// <summary>The label before the domain. Ids have an underscore, which names of hosts may not have: a hyphen stands for it.</summary>
    public static string HostLabel(string sandbox, int port) =>
        string.Create(CultureInfo.InvariantCulture, $"{port}-{sandbox.Replace('_', '-')}");

    /// <summary>Looks at a request.</summary>
    /// <param name="http">The request.</param>
    /// <param name="domain"><c>ingress.domain</c>.</param>
    /// <returns>Null when it is for the API.</returns>
    public static IngressTarget? Find(HttpContext http, string? domain)
    {
        string target = http.Features.Get<IHttpRequestFeature>()?.RawTarget is { Length: > 0 } raw
            ? raw
            : http.Request.Path.ToUriComponent() + http.Request.QueryString.ToUriComponent();
        return Parse(target, http.Request.Headers.Host.ToString(), domain);
    }

    /// <summary>As <see cref="Find"/>, from the texts.</summary>
    public static IngressTarget? Parse(string target, string host, string? domain)
    {
        if (target.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || target.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
        {
            int slash = target.IndexOf('/', target.IndexOf("//", StringComparison.Ordinal) + 2);
            target = slash < 0 ? "/" : target[slash..];
        }

        if (!target.StartsWith('/'))
        {
            return null;
        }

        int mark = target.IndexOf('?', StringComparison.Ordinal);
        (string path, string query) = mark < 0 ? (target, "") : (target[..mark], target[mark..]);
        return ByHost(host, domain, path, query) ?? ByPath(path, query);
    }

    private static IngressTarget? ByPath(string path, string query)
    {
        // The sixth part, from its slash on, is the server's own path.
        string[] parts = path.Split('/', 6);
        return parts is ["", "sandboxes", { Length: > 0 } sandbox, "ports", { Length: > 0 } port, { } rest]
            ? new IngressTarget(sandbox, port, $"/sandboxes/{sandbox}/ports/{port}", "/" + rest, query)
            : null;
    }

    private static IngressTarget? ByHost(string host, string? domain, string path, string query)
    {
        int colon = host.LastIndexOf(':');
        string name = colon > host.LastIndexOf(']') ? host[..colon] : host;
        if (domain is null || name.Length <= domain.Length + 1 || !name.EndsWith("." + domain, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        string[] label = name[..^(domain.Length + 1)].ToLowerInvariant().Split(['-', '_']);
        return label is [{ Length: > 0 } port, IdStart, { Length: > 0 } hex] && port.All(char.IsAsciiDigit) && hex.All(char.IsAsciiHexDigitLower)
            ? new IngressTarget($"{IdStart}_{hex}", port, "", path, query)
            : null;
    }
}
