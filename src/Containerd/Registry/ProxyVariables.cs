using System.Net;

namespace Sleigh.Containerd;

/// <summary>
/// The proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, in capitals or not. What is on this machine never goes by a proxy. NO_PROXY
/// takes hosts, which stand for what is below them as well, addresses, networks (10.0.0.0/8), each also with a port, and *.
/// </summary>
internal sealed class ProxyVariables : IWebProxy
{
    private readonly Uri? _http;
    private readonly Uri? _https;
    private readonly string[] _direct;

    public ProxyVariables(Func<string, string?> read)
    {
        string? Read(string name) => read(name.ToLowerInvariant()) is { Length: > 0 } lower ? lower : read(name);
        _http = ReadAddress(Read("HTTP_PROXY"));
        _https = ReadAddress(Read("HTTPS_PROXY"));
        _direct = (Read("NO_PROXY") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if ((_https ?? _http)?.UserInfo is { Length: > 0 } login)
        {
            string[] parts = login.Split(':', 2);
            Credentials = new NetworkCredential(Uri.UnescapeDataString(parts[0]), parts.Length > 1 ? Uri.UnescapeDataString(parts[1]) : "");
        }
    }

    public ICredentials? Credentials { get; set; }

    public static ProxyVariables FromEnvironment() => new(Environment.GetEnvironmentVariable);

    public Uri? GetProxy(Uri destination) => IsBypassed(destination) ? null : destination.Scheme == Uri.UriSchemeHttps ? _https : _http;

    public bool IsBypassed(Uri host) =>
        (host.Scheme == Uri.UriSchemeHttps ? _https : _http) is null || HostRules.IsLoopback(host.Host) || _direct.Any(d => Covers(d, host));

    private static bool Covers(string entry, Uri address)
    {
        string host = address.Host.Trim('[', ']');
        if (entry == "*")
        {
            return true;
        }

        if (IPNetwork.TryParse(entry, out IPNetwork network))
        {
            return IPAddress.TryParse(host, out IPAddress? ip) && network.Contains(ip);
        }

        // A port counts where the rest is no IPv6 address.
        int colon = entry.LastIndexOf(':');
        if (colon > 0 && entry.IndexOf(':', StringComparison.Ordinal) == colon)
        {
            if (entry[(colon + 1)..] != address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture))
            {
                return false;
            }

            entry = entry[..colon];
        }

        entry = entry.TrimStart('*').TrimStart('.').Trim('[', ']');
        return entry.Length > 0
            && (host.Equals(entry, StringComparison.OrdinalIgnoreCase) || host.EndsWith("." + entry, StringComparison.OrdinalIgnoreCase));
    }

    private static Uri? ReadAddress(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        string address = text.Contains("://", StringComparison.Ordinal) ? text : "http://" + text;
        return Uri.TryCreate(address, UriKind.Absolute, out Uri? uri) ? uri : null;
    }
}
