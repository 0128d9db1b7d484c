using System.Net;

namespace Sleigh.Containerd;

/// <summary>Which hosts are asked for an image, and over what.</summary>
internal sealed class HostRules
{
    public const string DockerHub = "docker.io";
    private const string DockerHubRegistry = "registry-1.docker.io";

    private readonly RegistrySettings _settings;

    public HostRules(RegistrySettings settings)
    {
        _settings = settings;
    }

    /// <summary>What the administrator says about a host, or null.</summary>
    public RegistryHost? Find(string host) =>
        _settings.Hosts.FirstOrDefault(h => string.Equals(h.Host, host, StringComparison.OrdinalIgnoreCase))
        ?? _settings.Hosts.FirstOrDefault(h => string.Equals(h.Host, host + ":443", StringComparison.OrdinalIgnoreCase))
        ?? (host == DockerHubRegistry ? Find(DockerHub) : null);

    /// <summary>The places to ask, in this order: the mirrors, then the image's own host.</summary>
    /// <exception cref="RegistryException">The host is none, or a mirror is set to plain HTTP without permission.</exception>
    public IReadOnlyList<RegistryEndpoint> EndpointsOf(ImageName name)
    {
        string host = name.Domain;
        List<RegistryEndpoint> found = [];
        foreach (Uri mirror in Find(host)?.Mirrors ?? [])
        {
            if (!MayUse(mirror))
            {
                throw new RegistryException(
                    RegistryErrorKind.Other,
                    $"the mirror {mirror.GetLeftPart(UriPartial.Authority)} of {host} is plain HTTP; that needs an entry for {mirror.Authority} that allows it");
            }

            found.Add(new RegistryEndpoint(mirror, mirror.Authority, IsMirror: true));
        }

        // Image names allow ports that are none.
        if (!Uri.TryCreate($"https://{(host == DockerHub ? DockerHubRegistry : host)}", UriKind.Absolute, out Uri? address))
        {
            throw new RegistryException(RegistryErrorKind.Invalid, $"could not pull '{name.Familiar}': '{host}' is not a host and port");
        }

        if (IsPlain(host, address))
        {
            address = new Uri($"http://{host}");
        }

        found.Add(new RegistryEndpoint(address, host, IsMirror: false));
        return found;
    }

    /// <summary>Whether anything may be asked of an address: HTTPS always; HTTP where it does not leave the machine, or is allowed.</summary>
    public bool MayUse(Uri address) =>
        address.Scheme == Uri.UriSchemeHttps
        || (address.Scheme == Uri.UriSchemeHttp && (IsLoopback(address.Host) || Find(address.Authority)?.PlainHttp == true));

    /// <summary>Files of certificates that are trusted for a host beside the system's.</summary>
    public IReadOnlyList<string> CertificateFiles(string host)
    {
        List<string> files = [];
        if (Find(host)?.CaFile is { } file)
        {
            files.Add(file);
        }

        string? folder = _settings.CertificateFolder is { } all ? Path.Combine(all, host) : null;
        if (folder is not null && Directory.Exists(folder))
        {
            files.AddRange(Directory.EnumerateFiles(folder, "*.crt").Order(StringComparer.Ordinal));
        }

        return files;
    }

    /// <summary>Whether a host, without a port, is this machine: 127.0.0.0/8, ::1, localhost.</summary>
    public static bool IsLoopback(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));

    // A registry on this machine speaks TLS only where somebody gave a certificate for it.
    private bool IsPlain(string host, Uri address) =>
        host != DockerHub && (Find(host)?.PlainHttp == true || (IsLoopback(address.Host) && CertificateFiles(host).Count == 0));
}
