using Microsoft.Extensions.Logging;
using Sleigh.Network;
using Sleigh.Runtime.Options;
using Sleigh.Runtime.Records;
using Sleigh.Runtime.Slots;

namespace Sleigh.Runtime.Networking;

/// <summary>
/// The network of the sandboxes, made when the first one asks for it: a host whose sandboxes have loopback alone is left as it is. Opened at the
/// start where an earlier run has left something of it, and behind the start where it is the default. A host that cannot have it has sandboxes all the same.
/// </summary>
internal sealed partial class SandboxNetworks : IAsyncDisposable
{
    private readonly LiveOptions _options;
    private readonly SandboxUsers _users;
    private readonly RecordStore _records;
    private readonly string _instance;
    private readonly Traffic _traffic;
    private readonly ILogger _logger;
    private readonly RefusedCounts _refused;
    private readonly SemaphoreSlim _opening = new(1);
    private SandboxNetwork? _network;
    private IReadOnlyDictionary<NamespaceName, SandboxNamespace> _found = new Dictionary<NamespaceName, SandboxNamespace>();

    public SandboxNetworks(LiveOptions options, RecordStore records, SandboxUsers users, string instance, Traffic traffic, ILogger logger)
    {
        (_options, _records, _users, _instance, _traffic, _logger) = (options, records, users, instance, traffic, logger);
        _refused = new RefusedCounts(
            async () => _network is SandboxNetwork network ? await network.RefusedAsync(CancellationToken.None) : new Dictionary<NamespaceName, Refusals>());
    }

    /// <summary>What is missing for sandboxes to be connected, looked for now; null: nothing, and whether the network can be opened is seen when it is.</summary>
    public string? Unavailable => _network is not null ? null : Lacks;

    private string? Lacks => SandboxNetwork.Lacks(NetworkFor(_options.Now, _instance));

    /// <summary>As <see cref="SandboxNetwork.WhyClosed"/>; null also as long as the network is not open.</summary>
    public string? WhyClosed(EgressRule rule) => _network?.WhyClosed(rule);

    /// <summary>The network's settings.</summary>
    public static NetworkOptions NetworkFor(SleighOptions options, string instance) => new()
    {
        StateDirectory = options.StateDir,
        Instance = instance,
        PluginDirectory = options.Network.Plugins,
        Subnet = options.Network.Subnet,
        Reachable = options.Network.Reachable,
        ForwardByInterface = options.Network.Forwarding,
        PoolSize = options.Network.PoolSize,
        ConnectionsPerSandbox = options.Network.ConnectionsPerSandbox,
        HostNamespace = options.Network.UplinkNamespace,
    };

    /// <summary>The settings in force.</summary>
    public SleighOptions Options => _options.Now;

    /// <summary>What a sandbox may reach whose caller does not say.</summary>
    public EgressPolicy Default => new()
    {
        Mode = _options.Now.Network.Mode, Allow = _options.Now.Network.Allow, AllowNames = _options.Now.Network.AllowNames,
    };

    /// <summary>Opens it at the start, where an earlier run has left something of it; what no record names is taken away. What fails is logged.</summary>
    public Task OpenAtStartAsync(CancellationToken cancellationToken) =>
        SandboxNetwork.HasLeft(NetworkFor(_options.Now, _instance)) ? TryOpenAsync(cancellationToken) : Task.CompletedTask;

    /// <summary>Opens it behind the start, where it is the default, so that the first create need not wait for it. What fails is logged.</summary>
    public Task OpenAheadAsync() =>
        _options.Now.Sandbox.Network == NetworkMode.Bridge && _network is null ? TryOpenAsync(CancellationToken.None) : Task.CompletedTask;

    /// <summary>A namespace for a slot; made ahead, where one lies ready.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public async Task<SandboxNamespace> TakeAsync(CancellationToken cancellationToken) =>
        await (await OpenAsync(cancellationToken)).TakeAsync(cancellationToken);

    /// <summary>A namespace that an earlier run has left to a slot; null where it is not whole any more.</summary>
    public SandboxNamespace? Find(NamespaceName name) => _found.GetValueOrDefault(name);

    /// <summary>The same where the network could not be opened when the slot was taken over: it is opened now.</summary>
    /// <exception cref="IOException">It still cannot be opened, or has lost the namespace.</exception>
    public async Task<SandboxNamespace> FindLaterAsync(NamespaceName? name, CancellationToken cancellationToken) =>
        await TryFindLaterAsync(name, cancellationToken) ?? throw new IOException($"the network namespace {name} is not whole any more");

    /// <summary>The same; null: the namespace is lost, and nothing passes through it.</summary>
    /// <exception cref="IOException">The network still cannot be opened.</exception>
    public async Task<SandboxNamespace?> TryFindLaterAsync(NamespaceName? name, CancellationToken cancellationToken)
    {
        _ = await OpenAsync(cancellationToken);
        return name is NamespaceName known ? Find(known) : null;
    }

    /// <summary>Puts a sandbox's policy in force, on a namespace that it is about to begin with.</summary>
    /// <exception cref="IOException">nft refused.</exception>
    public async Task ApplyAsync(SandboxNamespace on, EgressPolicy? policy, CancellationToken cancellationToken)
    {
        EgressPolicy whole = Whole(policy);
        SandboxNetwork network = await OpenAsync(cancellationToken);
        network.Note(on, whole);
        await network.EnsureAsync(on.Name, whole, cancellationToken);
    }

    /// <summary>Replaces a policy that is in force.</summary>
    /// <exception cref="IOException">nft refused.</exception>
    public async Task ReplaceAsync(SandboxNamespace on, EgressPolicy? policy, CancellationToken cancellationToken)
    {
        EgressPolicy whole = Whole(policy);
        SandboxNetwork network = await OpenAsync(cancellationToken);
        await network.ApplyAsync(on.Name, whole, cancellationToken);
        network.Note(on, whole);
    }

    /// <summary>Puts a policy in force if it is another than before, since the operator's part of it may be.</summary>
    /// <exception cref="IOException">nft refused.</exception>
    public async Task RenewAsync(SandboxNamespace on, EgressPolicy? policy, CancellationToken cancellationToken)
    {
        EgressPolicy whole = Whole(policy);
        SandboxNetwork network = await OpenAsync(cancellationToken);
        await network.EnsureAsync(on.Name, whole, cancellationToken);
        network.Note(on, whole);
    }

    /// <summary>What a sandbox may reach: its own policy or the default, and the operator's denials in any case.</summary>
    public EgressPolicy Whole(EgressPolicy? policy)
    {
        EgressPolicy own = policy ?? Default;
        NetworkingOptions all = _options.Now.Network;
        return own with { Deny = [.. all.Deny, .. own.Deny], DenyNames = [.. all.DenyNames, .. own.DenyNames] };
    }

    /// <summary>Packets that were refused, by namespace; up to a second old.</summary>
    /// <exception cref="IOException">nft failed.</exception>
    public Task<IReadOnlyDictionary<NamespaceName, Refusals>> RefusedAsync(CancellationToken cancellationToken) => _refused.ReadAsync(cancellationToken);

    /// <summary>What of a namespace's questions for names was not answered as it could have been, since the daemon's start.</summary>
    public NameCounts NamesOf(NamespaceName name) => _network?.CountsOf(name) ?? default;

    /// <summary>Takes a slot's namespace away. Passes over what is gone.</summary>
    /// <exception cref="IOException">It cannot be done now.</exception>
    public async Task DestroyAsync(NamespaceName name, CancellationToken cancellationToken)
    {
        if (Unavailable is null)
        {
            await (await OpenAsync(cancellationToken)).DestroyAsync(name, cancellationToken);
        }
    }

    /// <summary>Begins to keep namespaces ready, if the network is open.</summary>
    public void Start() => _network?.Start();

    /// <summary>Follows changes of the host's addresses, if the network is open.</summary>
    /// <exception cref="IOException">A program failed.</exception>
    public Task RefreshAsync() => _network?.RefreshAsync(CancellationToken.None) ?? Task.CompletedTask;

    /// <summary>Takes everything of the network away; false, and logged, where that cannot be done.</summary>
    public async Task<bool> TryRemoveAllAsync()
    {
        try
        {
            await (_network?.RemoveAllAsync(CancellationToken.None) ?? Task.CompletedTask);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            NotRemoved(_logger, e);
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_network is SandboxNetwork network)
        {
            await network.DisposeAsync();
        }

        _opening.Dispose();
    }

    private async Task TryOpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            _ = await OpenAsync(cancellationToken);
        }
        catch (NetworkUnavailableException e)
        {
            NotOpened(_logger, e.Message);
        }
    }

    /// <exception cref="NetworkUnavailableException">It cannot be opened.</exception>
    private async Task<SandboxNetwork> OpenAsync(CancellationToken cancellationToken)
    {
        if (_network is SandboxNetwork open)
        {
            return open;
        }

        await _opening.WaitAsync(cancellationToken);
        try
        {
            return _network ??= await MakeAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw e as NetworkUnavailableException ?? new NetworkUnavailableException(e.Message, e);
        }
        finally
        {
            _opening.Release();
        }
    }

    private async Task<SandboxNetwork> MakeAsync(CancellationToken cancellationToken)
    {
        if (Lacks is string lacks)
        {
            throw new NetworkUnavailableException(lacks);
        }

        SandboxNetwork network = await SandboxNetwork.OpenAsync(
            NetworkFor(_options.Now, _instance) with
            {
                StandBack = _traffic.QuietAsync, FirstPolicy = () => Whole(null), UserNamespace = _users.IsOn ? SandboxUsers.CreateAsync : null,
            },
            _logger,
            cancellationToken);
        try
        {
            _found = await network.RecoverAsync([.. _records.ReadSlots().Select(s => s.Network).OfType<NamespaceName>()], cancellationToken);
            network.ServeNames(() => _options.Now.Network.Nameservers);
        }
        catch (Exception)
        {
            await network.DisposeAsync();
            throw;
        }

        network.Start();
        return network;
    }

    [LoggerMessage(EventId = 2207, EventName = "network", Level = LogLevel.Error, Message = "Could not remove the network of the sandboxes; its link and table stay on the host")]
    private static partial void NotRemoved(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2208, EventName = "network", Level = LogLevel.Warning, Message = "The network of the sandboxes cannot be opened: {Reason}")]
    private static partial void NotOpened(ILogger logger, string reason);
}
