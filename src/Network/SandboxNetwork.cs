using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Sleigh.Network.Nft;

namespace Sleigh.Network;

/// <summary>
/// The network of the sandboxes: namespaces that lie ready, connected through a router of their own, each with a policy of what it may reach.
/// </summary>
public sealed partial class SandboxNetwork : IAsyncDisposable
{
    private readonly NetworkNames _names;
    private readonly NamespaceFiles _files;
    private readonly ProgramHold _hold;
    private readonly NftCommand _hostNft;
    private readonly NftCommand _nft;
    private readonly Router _router;
    private readonly NamespaceFactory _factory;
    private readonly NamespacePool _pool;
    private readonly ILogger _logger;
    private readonly string? _uplink;
    private readonly int? _connections;

    // Of those that this run has made or changed.
    private readonly ConcurrentDictionary<NamespaceName, EgressPolicy> _inForce = new();
    private readonly NameAskers _askers = new();
    private readonly NamePins _pins;
    private NameForwarder? _names53;

    private SandboxNetwork(NetworkOptions options, ILogger logger)
    {
        (_logger, _uplink, _connections) = (logger, options.HostNamespace, options.ConnectionsPerSandbox);
        _names = new NetworkNames(options.Instance);
        _files = new NamespaceFiles(Path.Combine(options.StateDirectory, "network"));
        _hold = new ProgramHold(_files.Programs, TimeProvider.System, logger);
        NetworkPlace host = new(options.HostNamespace, _hold);
        NetworkPlace place = new(_files.Router, _hold);
        (_hostNft, _nft) = (new NftCommand(host), new NftCommand(place));
        _router = new Router(options, _names, _files, host, _hostNft, place, _nft);
        _factory = new NamespaceFactory(options, _names, _files, _router, _nft);
        _pins = new NamePins(_names, _nft, TimeProvider.System, _connections);
        _pool = new NamespacePool(token => MakeAsync(options.FirstPolicy(), token), DestroyAsync, options.PoolSize, options.StandBack, logger);
    }

    /// <summary>Programs without which there is no network.</summary>
    public static IReadOnlyList<string> Programs { get; } = ["nft", "ip", "bridge", "nsenter", "flock"];

    /// <summary>Whether sandboxes have IPv6 addresses: where the host has a way out for IPv6 and forwards it.</summary>
    public bool HasSix => _router.HasSix;

    /// <summary>Whether the host forwards what sandboxes send.</summary>
    public bool Forwards => _router.Forwards;

    /// <summary>Namespaces that lie ready.</summary>
    public int Ready => _pool.Ready;

    /// <summary>For tests.</summary>
    internal NamespaceFactory Factory => _factory;

    /// <summary>The first thing that is missing on this host, looked for without running anything; null: all is there.</summary>
    public static string? Lacks(NetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return Programs.FirstOrDefault(p => ProgramRun.Find(p) is null) is string program
            ? $"there is no program '{program}' on PATH"
            : NamespaceFactory.Plugins.FirstOrDefault(p => !File.Exists(Path.Combine(options.PluginDirectory, p))) is string plugin
                ? $"there is no CNI plugin {Path.Combine(options.PluginDirectory, plugin)}"
                : null;
    }

    /// <summary>Whether an earlier run has left a network on this host.</summary>
    public static bool HasLeft(NetworkOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return File.Exists(new NamespaceFiles(Path.Combine(options.StateDirectory, "network")).Router);
    }

    /// <summary>What is missing on this host, one sentence each; none: it can be opened.</summary>
    public static async Task<IReadOnlyList<string>> MissingAsync(NetworkOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        List<string> missing = [.. Programs.Where(p => ProgramRun.Find(p) is null).Select(p => $"there is no program '{p}' on PATH")];
        if (missing.Count == 0)
        {
            NetworkNames names = new(options.Instance);
            NamespaceFiles files = new(Path.Combine(options.StateDirectory, "network"));
            NetworkPlace host = new(options.HostNamespace);
            using NftCommand nft = new(host);
            Router router = new(options, names, files, host, nft, host, nft);
            missing.AddRange(await new NamespaceFactory(options, names, files, router, nft).UnfitPluginsAsync(cancellationToken));
        }

        return missing;
    }

    /// <summary>Chains of the host's firewall that sandboxes' packets do not pass; none where there is no nft.</summary>
    /// <exception cref="IOException">nft failed, or wrote what cannot be read.</exception>
    public static async Task<IReadOnlyList<ClosingChain>> ClosingChainsAsync(NetworkOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (ProgramRun.Find("nft") is null)
        {
            return [];
        }

        try
        {
            return ClosingChain.Parse(await new NetworkPlace(options.HostNamespace).RunAsync("nft", ["-j", "list", "ruleset"], "", cancellationToken));
        }
        catch (FormatException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    /// <summary>
    /// Makes the router, or puts the one that is there in order. Before that it waits for the programs that a killed daemon has left at work, no longer than
    /// <see cref="ProgramHold.Longest"/>.
    /// </summary>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public static async Task<SandboxNetwork> OpenAsync(NetworkOptions options, ILogger logger, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        SandboxNetwork network = new(options, logger);
        try
        {
            network._files.Prepare();
            await network._hold.BeginAsync(cancellationToken);
            await network._router.EnsureAsync(cancellationToken);
            return network;
        }
        catch (Exception)
        {
            await network.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Takes over what an earlier run left, and takes away what nobody has: namespaces, links, addresses and rules. To be called once, before any
    /// is taken.
    /// </summary>
    /// <param name="used">The namespaces that sandboxes have.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Those of <paramref name="used"/> that are whole.</returns>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public async Task<IReadOnlyDictionary<NamespaceName, SandboxNamespace>> RecoverAsync(
        IReadOnlyCollection<NamespaceName> used, CancellationToken cancellationToken)
    {
        Inventory found = await Inventory.TakeAsync(_nft, _names, cancellationToken);
        _pins.Learn(found);
        Dictionary<NamespaceName, SandboxNamespace> whole =
            used.Distinct().Select(name => _factory.Find(name, found)).OfType<SandboxNamespace>().ToDictionary(n => n.Name);
        foreach (NamespaceName name in _files.List().Concat(found.Names).Distinct().Where(n => !whole.ContainsKey(n)))
        {
            Removing(_logger, name.ToString());
            await TryAsync(name.ToString(), () => DestroyAsync(name, cancellationToken));
        }

        NftTransaction rest = new();
        found = await Inventory.TakeAsync(_nft, _names, cancellationToken);
        found.RemovePortsBut(whole.Values.Select(n => n.Addresses.Port).ToHashSet(), _names.PortTable, rest);
        await _nft.ApplyAsync(rest, cancellationToken);

        // One that could not be removed above still has its file, and keeps its address with it.
        HashSet<string> kept = [.. whole.Keys.Concat(_files.List()).Select(n => n.ToString())];
        foreach (string holder in _files.AddressHolders(_names.Network).Where(id => !kept.Contains(id)))
        {
            Removing(_logger, holder);
            await TryAsync(holder, () => _factory.GiveBackAsync(holder, null, null, cancellationToken));
        }

        return whole;
    }

    /// <summary>Begins to keep namespaces ready.</summary>
    public void Start() => _pool.Start();

    /// <summary>Hands out a namespace: one that lies ready, or one made for the caller. Its policy is <see cref="NetworkOptions.FirstPolicy"/> of the moment when it was made.</summary>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public Task<SandboxNamespace> TakeAsync(CancellationToken cancellationToken) => _pool.TakeAsync(cancellationToken);

    /// <summary>Puts a policy in force, in one step, for new connections and for those that are open.</summary>
    /// <exception cref="IOException">nft refused.</exception>
    public async Task ApplyAsync(NamespaceName name, EgressPolicy policy, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(policy);
        _inForce.TryRemove(name, out _);
        await _pins.ChangeAsync(name, policy, cancellationToken);
        _inForce[name] = policy;
    }

    /// <summary>The same for one that nobody else changes meanwhile: nothing is done where this run has put the policy in force already.</summary>
    /// <exception cref="IOException">nft refused.</exception>
    public Task EnsureAsync(NamespaceName name, EgressPolicy policy, CancellationToken cancellationToken) =>
        _inForce.TryGetValue(name, out EgressPolicy? inForce) && inForce.Equals(policy) ? Task.CompletedTask : ApplyAsync(name, policy, cancellationToken);

    /// <summary>Packets that were refused, by namespace, since each was made.</summary>
    /// <exception cref="IOException">nft failed.</exception>
    public async Task<IReadOnlyDictionary<NamespaceName, Refusals>> RefusedAsync(CancellationToken cancellationToken)
    {
        Dictionary<NamespaceName, Refusals> all = [];
        foreach ((string counter, long packets) in await _nft.CountersAsync(_names.Table, cancellationToken))
        {
            if (CounterName.TryParse(counter, out NamespaceName owner, out RefusalReason reason))
            {
                all[owner] = all.GetValueOrDefault(owner).With(reason, packets);
            }
        }

        return all;
    }

    /// <summary>Frames with a sender that was not the sandbox's own, of all sandboxes, since the router was made.</summary>
    /// <exception cref="IOException">nft failed.</exception>
    public async Task<long> SpoofedAsync(CancellationToken cancellationToken) =>
        (await _nft.CountersAsync(_names.PortTable, cancellationToken)).GetValueOrDefault(RouterRules.Spoofed);

    /// <summary>
    /// Why nobody but the operator can open what a rule names, since it is the host's address or its neighbours', as the end of a sentence that begins with the rule;
    /// null: it can be opened.
    /// </summary>
    public string? WhyClosed(EgressRule rule)
    {
        ArgumentNullException.ThrowIfNull(rule);
        return _router.Closed.Why(rule);
    }

    /// <summary>Notes what a namespace's policy is, for the answers to its questions for names.</summary>
    public void Note(SandboxNamespace on, EgressPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(on);
        ArgumentNullException.ThrowIfNull(policy);
        _askers.Put(on, policy);
    }

    /// <summary>What of a namespace's questions for names was not answered as it could have been, since the network was opened.</summary>
    public NameCounts CountsOf(NamespaceName name) => _askers.Find(name)?.Counts ?? default;

    /// <summary>
    /// Answers questions for names on the router's port 53: all of sandboxes whose mode is <see cref="EgressMode.Open"/>, those for allowed names of
    /// <see cref="EgressMode.Restricted"/>. For others an answer would be a way out, since a question carries text to whoever serves the name.
    /// </summary>
    /// <param name="servers">The servers to ask; none: those of the host's resolv.conf.</param>
    /// <exception cref="IOException">The port cannot be listened on.</exception>
    public void ServeNames(Func<IReadOnlyList<IPAddress>> servers)
    {
        _names53 = new NameForwarder(
            _files.Router, new NameServers(_uplink, () => servers() is { Count: > 0 } set ? set : NameForwarder.Servers(ReadResolvConf()), _logger), _askers,
            new NameAdmission(() => _router.Closed, _pins, TimeProvider.System, _logger), _logger);
        _names53.Start();
    }

    /// <summary>Asks the plugins whether a namespace is as they left it (CNI's CHECK).</summary>
    /// <exception cref="IOException">It is not; the text says why.</exception>
    public Task CheckAsync(NamespaceName name, CancellationToken cancellationToken) => _factory.CheckAsync(name, cancellationToken);

    /// <summary>Follows changes of the host's addresses and ways out.</summary>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public Task RefreshAsync(CancellationToken cancellationToken) => _router.RefreshAsync(cancellationToken);

    /// <summary>Takes a namespace away, with its link, its address and its rules. Passes over what is gone; may be called again.</summary>
    /// <exception cref="IOException">A program is missing, or the kernel refused.</exception>
    public async Task DestroyAsync(NamespaceName name, CancellationToken cancellationToken)
    {
        _inForce.TryRemove(name, out _);
        _askers.Remove(name);
        bool isBare = await _pins.RemoveAsync(name, cancellationToken);
        await _factory.DestroyAsync(name, isBare, cancellationToken);
        _pins.Forget(name);
    }

    /// <summary>Takes everything away: the pool, what is left of namespaces, the router, and what is of ours on the host.</summary>
    /// <exception cref="IOException">The kernel refused.</exception>
    public async Task RemoveAllAsync(CancellationToken cancellationToken)
    {
        await _pool.StopAsync();
        foreach (NamespaceName name in _files.List())
        {
            await DestroyAsync(name, cancellationToken);
        }

        await _router.RemoveAsync(cancellationToken);
    }

    /// <summary>Closes; namespaces that are used live on, those that lie ready are taken away by the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_names53 is not null)
        {
            await _names53.DisposeAsync();
        }

        await _pool.StopAsync();
        _pool.Dispose();
        _pins.Dispose();
        _nft.Dispose();
        _hostNft.Dispose();
        _hold.Dispose();
    }

    private async Task<SandboxNamespace> MakeAsync(EgressPolicy policy, CancellationToken cancellationToken)
    {
        SandboxNamespace made = await _factory.MakeAsync(policy, cancellationToken);
        if (policy.AllowNames.Count == 0)
        {
            // Else the maps of its names are still to be made.
            _inForce[made.Name] = policy;
        }

        return made;
    }

    // What cannot be removed now stands in nobody's way, and no start is to fail for it.
    private async Task TryAsync(string name, Func<Task> remove)
    {
        try
        {
            await remove();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Stays(_logger, name, e);
        }
    }

    private static string ReadResolvConf()
    {
        try
        {
            return File.ReadAllText("/etc/resolv.conf");
        }
        catch (IOException)
        {
            // Without one the resolver library asks nobody, or this host: nothing is answered here.
            return "";
        }
    }

    [LoggerMessage(EventId = 2201, EventName = "network", Level = LogLevel.Warning, Message = "Removing the network namespace {Name}: no sandbox has it")]
    private static partial void Removing(ILogger logger, string name);

    [LoggerMessage(EventId = 2206, EventName = "network", Level = LogLevel.Warning, Message = "Could not remove the network namespace {Name} that no sandbox has; the next start tries again")]
    private static partial void Stays(ILogger logger, string name, Exception exception);
}
