namespace Sleigh.Containerd;

/// <summary>
/// Fetches images from OCI registries into containerd. Safe for use by many callers at once; two pulls of the same image both do the
/// work, and both succeed.
/// </summary>
public sealed class ImagePuller : IDisposable
{
    private readonly ContainerdClient _client;
    private readonly ImageLimits _limits;
    private readonly RegistrySettings _settings;
    private readonly TimeProvider _time;
    private readonly HostRules _hosts;
    private readonly RegistryHttp _http;
    private readonly RegistryClient _registry;

    /// <summary>Makes the puller; nothing is sent yet.</summary>
    /// <param name="client">The client, in the namespace of the images.</param>
    /// <param name="limits">How large an image may be; null for the defaults.</param>
    /// <param name="settings">How registries are reached.</param>
    /// <param name="time">The clock.</param>
    public ImagePuller(ContainerdClient client, ImageLimits? limits, RegistrySettings settings, TimeProvider time)
    {
        _client = client;
        _limits = limits ?? new ImageLimits();
        _settings = settings;
        _time = time;
        _hosts = new HostRules(settings);
        _http = new RegistryHttp(settings, _hosts);
        _registry = new RegistryClient(settings, _hosts, _http, time);
    }

    /// <summary>Whether a text is a platform: <c>os/architecture[/variant]</c>.</summary>
    public static bool IsPlatform(string text) => OciPlatform.TryParse(text) is not null;

    /// <summary>
    /// Fetches an image: mirrors first, then its own host. All or nothing: where it fails or is cancelled, no name, blob or snapshot is
    /// left of it. A name that exists then points to the new image.
    /// </summary>
    /// <param name="name">The image. With a digest, that one is fetched whatever the tag says.</param>
    /// <param name="platform"><c>os/architecture[/variant]</c>; null for this host's.</param>
    /// <param name="progress">Told how far it is, from any thread: each change of state at once, bytes ten times a second.</param>
    /// <param name="cancellationToken">Stops and undoes the pull.</param>
    /// <returns>The image's full name.</returns>
    /// <exception cref="RegistryException">It cannot be fetched, or is refused; one sentence says why.</exception>
    /// <exception cref="ContainerdException">containerd failed.</exception>
    public async Task<string> PullAsync(
        ImageName name, string? platform, IProgress<PullProgress>? progress, CancellationToken cancellationToken = default)
    {
        OciPlatform wanted = platform is null ? OciPlatform.Host : OciPlatform.TryParse(platform) ?? throw new RegistryException(
            RegistryErrorKind.Invalid, $"'{platform}' is not a platform; it is os/architecture or os/architecture/variant, as linux/amd64");
        var tracker = new PullTracker(progress, _time);
        var mirrors = new List<string>();
        await using ImportLease lease = await ImportLease.MakeAsync(_client, cancellationToken);
        foreach (RegistryEndpoint endpoint in _hosts.EndpointsOf(name))
        {
            try
            {
                // What another endpoint gave before it failed is under the lease, and is not fetched again.
                var pull = new ImagePull(lease, _limits, _settings, new RegistrySource(_registry, endpoint, name), wanted, tracker);
                Descriptor target = await pull.RunAsync(cancellationToken);
                await ImageNaming.SetAsync(_client, [(name, target)], cancellationToken);
                return name.ToString();
            }
            catch (RegistryException ex) when (endpoint.IsMirror)
            {
                _settings.Report($"the mirror {endpoint.Name} failed, asking the next: {ex.Message}");
                mirrors.Add(endpoint.Name);
                tracker.Enter(PullStage.Resolving);
            }
            catch (RegistryException ex) when (mirrors.Count > 0)
            {
                throw new RegistryException(ex.Kind, $"{ex.Message} (and the mirrors failed before: {string.Join(", ", mirrors)})", ex);
            }
        }

        throw new InvalidOperationException("the last endpoint is no mirror");
    }

    /// <summary>Closes the connections.</summary>
    public void Dispose() => _http.Dispose();
}
