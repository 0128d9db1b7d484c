using System.Globalization;
using System.Text.Json;
using Sleigh.Api.Ingress;
using Sleigh.Api.Json;
using Sleigh.Runtime;

namespace Sleigh.Api.Views;

/// <summary>Ports of sandboxes, and links to them.</summary>
internal static class PortView
{
    /// <summary>A port; <c>host</c> where <c>ingress.domain</c> is set, <c>tcp</c> where the host listens for it.</summary>
    public static void Write(Utf8JsonWriter json, SandboxPort port, string? domain)
    {
        json.WriteStartObject();
        json.WriteNumber("port", port.Number);
        json.WriteString("status", StatusText(port.Status));
        json.WriteString("path", string.Create(CultureInfo.InvariantCulture, $"/sandboxes/{port.Sandbox}/ports/{port.Number}/"));
        json.WriteOptional("host", domain is null ? null : $"{IngressTarget.HostLabel(port.Sandbox.ToString(), port.Number)}.{domain}");
        json.WriteOptional("tcp", port.Tcp?.ToString());
        json.WriteOptional("tcp_error", port.TcpError);
        json.WriteEndObject();
    }

    /// <summary>A link.</summary>
    public static void WriteLink(Utf8JsonWriter json, int port, string url, PortLink link)
    {
        json.WriteStartObject();
        json.WriteNumber("port", port);
        json.WriteString("url", url);
        json.WriteMillis("expires_at", link.Expires);
        json.WriteEndObject();
    }

    /// <summary>The word for a status.</summary>
    public static string StatusText(PortStatus status) => status switch
    {
        PortStatus.Listening => "listening",
        PortStatus.Waiting => "waiting",
        PortStatus.Refused => "refused",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, "unknown status"),
    };
}
