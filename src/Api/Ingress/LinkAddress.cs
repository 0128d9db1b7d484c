using System.Globalization;
using Sleigh.Api.Routing;
using Sleigh.Runtime;

namespace Sleigh.Api.Ingress;

/// <summary>The address of a link: by host name where <c>ingress.domain</c> is set, else by path. Who asks through a TLS proxy gets one through it.</summary>
internal static class LinkAddress
{
    public static string Of(Call call, SandboxId sandbox, int port, string path, string value)
    {
        string host = call.FromSocket ? "" : call.Http.Request.Headers.Host.ToString();
        bool isSecure = !call.FromSocket && IngressHeaders.IsSecure(call.Http.Request.Headers["X-Forwarded-Proto"]);
        return Of(
            host.Length > 0 ? host : string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{call.Dependencies.ListenPort}"), isSecure,
            call.Options.Ingress.Domain, sandbox.ToString(), port, path, value);
    }

    /// <param name="host">How the caller reached us: name and perhaps port.</param>
    /// <param name="isSecure">Whether over TLS.</param>
    /// <param name="domain"><c>ingress.domain</c>.</param>
    /// <param name="sandbox">The sandbox's id.</param>
    /// <param name="port">The port inside.</param>
    /// <param name="path">The path on the server, with its query.</param>
    /// <param name="value">The link's value.</param>
    public static string Of(string host, bool isSecure, string? domain, string sandbox, int port, string path, string value)
    {
        int colon = host.LastIndexOf(':');
        string ourPort = colon > host.LastIndexOf(']') ? host[colon..] : "";
        string scheme = isSecure ? "https" : "http";
        string query = $"{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{PlainQuery.Link}={value}";
        return domain is null
            ? string.Create(CultureInfo.InvariantCulture, $"{scheme}://{host}/sandboxes/{sandbox}/ports/{port}{path}{query}")
            : $"{scheme}://{IngressTarget.HostLabel(sandbox, port)}.{domain}{ourPort}{path}{query}";
    }
}
