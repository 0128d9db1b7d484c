using System.Net;

namespace Sleigh.Containerd;

/// <summary>How images are fetched from registries.</summary>
public sealed record RegistrySettings
{
    /// <summary>Registries of which something is to be said; others are asked over HTTPS and without a login.</summary>
    public IReadOnlyList<RegistryHost> Hosts { get; init; } = [];

    /// <summary>Path of docker's config.json, where logins are looked up that <see cref="Hosts"/> does not have; null for none.</summary>
    public string? DockerConfig { get; init; }

    /// <summary>Layers of one image that are fetched at once.</summary>
    public int ParallelLayers { get; init; } = 4;

    /// <summary>Where docker keeps certificates, as <c>HOST/NAME.crt</c> below it; null for nowhere.</summary>
    public string? CertificateFolder { get; init; } = "/etc/docker/certs.d";

    /// <summary>The proxy; null to go by HTTP_PROXY, HTTPS_PROXY and NO_PROXY.</summary>
    public IWebProxy? Proxy { get; init; }

    /// <summary>Takes sentences for the log: a mirror that failed, a connection that broke. They hold no secrets.</summary>
    public Action<string> Report { get; init; } = static _ => { };

    /// <summary>How long a server may be silent before the connection counts as broken.</summary>
    internal TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The pause before the second try; each further one is twice as long.</summary>
    internal TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);
}
