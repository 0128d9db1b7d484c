using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace Sleigh.Containerd;

/// <summary>Connections: one pool for each host and the certificates that are trusted for it.</summary>
internal sealed class RegistryHttp : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(15);

    private readonly HostRules _hosts;
    private readonly IWebProxy _proxy;
    private readonly ConcurrentDictionary<string, Lazy<RegistryPool>> _pools = new(StringComparer.Ordinal);

    public RegistryHttp(RegistrySettings settings, HostRules hosts)
    {
        _hosts = hosts;
        _proxy = settings.Proxy ?? ProxyVariables.FromEnvironment();
    }

    /// <summary>The pool for an address. Files of certificates are read again once they change.</summary>
    /// <exception cref="IOException">A file of certificates cannot be read.</exception>
    public RegistryPool For(Uri address)
    {
        IReadOnlyList<string> files = address.Scheme == Uri.UriSchemeHttps ? _hosts.CertificateFiles(address.Authority) : [];
        string key = string.Join(
            '\n', files.Select(f => f + File.GetLastWriteTimeUtc(f).Ticks.ToString(CultureInfo.InvariantCulture)).Prepend(address.Scheme + address.Authority));
        return _pools.GetOrAdd(key, _ => new Lazy<RegistryPool>(() => Make(files))).Value;
    }

    public void Dispose()
    {
        foreach (Lazy<RegistryPool> pool in _pools.Values.Where(p => p.IsValueCreated))
        {
            pool.Value.Dispose();
        }
    }

    private RegistryPool Make(IReadOnlyList<string> files)
    {
        var trust = new ServerTrust(files);
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            UseCookies = false,
            Proxy = _proxy,
            ConnectTimeout = ConnectTimeout,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
            SslOptions = { RemoteCertificateValidationCallback = trust.Accepts },
        };
        return new RegistryPool(new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan }, trust);
    }
}

/// <summary>Connections to one host.</summary>
internal sealed record RegistryPool(HttpClient Client, ServerTrust Trust) : IDisposable
{
    public void Dispose() => Client.Dispose();
}
