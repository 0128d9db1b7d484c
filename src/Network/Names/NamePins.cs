using System.Collections.Concurrent;
using Sleigh.Network.Nft;

namespace Sleigh.Network;

/// <summary>
/// What names have let through, of all sandboxes: here and, the same, in the kernel. What some sandboxes ask for at the same time is put there in one transaction, of
/// a bounded length, and others have their turn before the next one.
/// </summary>
internal sealed class NamePins : IDisposable
{
    /// <summary>The most elements in a transaction for several sandboxes; one may have as many as it needs (<see cref="PinSet.Most"/>).</summary>
    internal const int MostElements = 2 * PinSet.Most;

    /// <summary>The most sandboxes in a transaction: where it fails, each of them is tried alone.</summary>
    internal const int MostSandboxes = 8;

    private readonly NetworkNames _names;
    private readonly NftCommand _nft;
    private readonly TimeProvider _time;
    private readonly int? _connections;
    private readonly ConcurrentDictionary<NamespaceName, PinSet> _sets = new();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Lock _lock = new();
    private readonly List<Wish> _wishes = [];

    public NamePins(NetworkNames names, NftCommand nft, TimeProvider time, int? connections) => (_names, _nft, _time, _connections) = (names, nft, time, connections);

    /// <summary>Takes over what a run before has left in the kernel.</summary>
    public void Learn(Inventory found)
    {
        foreach (NamespaceName name in found.Pinned)
        {
            _sets[name] = found.PinsOf(name, SteadyTime.Now(_time));
        }
    }

    /// <summary>Puts a policy in force, in one step: what was let through by names that it does not allow is refused from then on.</summary>
    /// <exception cref="IOException">nft refused, and all is as before; or was not done in time, and it is unknown which policy is in force.</exception>
    public async Task ChangeAsync(NamespaceName name, EgressPolicy policy, CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            PinSet before = _sets.GetValueOrDefault(name, PinSet.Empty);
            PinSet after = before.Under(policy.Mode == EgressMode.Restricted ? policy.AllowNames : []);
            NftTransaction change = SandboxRules.Change(_names, name, policy, _connections, before, after, SteadyTime.Now(_time));
            await ApplyAsync(change, [(name, before, after)], cancellationToken);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Takes the maps of a namespace away, and what was in its chain with them: nothing of it may send any more. Passes over what is gone.</summary>
    /// <returns>False: there may be maps still.</returns>
    public async Task<bool> RemoveAsync(NamespaceName name, CancellationToken cancellationToken)
    {
        if (!_sets.ContainsKey(name))
        {
            return true;
        }

        try
        {
            await ChangeAsync(name, new EgressPolicy { Mode = EgressMode.None }, cancellationToken);
            return true;
        }
        catch (IOException)
        {
            // The chain or a map is gone, or nft was not done. No name is to put anything there any more.
            _sets.AddOrUpdate(name, PinSet.Empty, (_, set) => PinSet.Empty.Unsure(set));
            return false;
        }
    }

    /// <summary>Forgets a namespace that has been removed.</summary>
    public void Forget(NamespaceName name) => _sets.TryRemove(name, out _);

    /// <summary>Whether the addresses are let through already, for as long as they may be remembered.</summary>
    public bool Covers(NamespaceName name, IReadOnlyList<NameRule> rules, IReadOnlyList<DnsAddress> addresses) =>
        _sets.TryGetValue(name, out PinSet? set) && set.Covers(rules, addresses, SteadyTime.Now(_time));

    /// <summary>Lets addresses through that a name has. False: none of the rules is in force any more, and nothing is done.</summary>
    /// <exception cref="IOException">nft refused, or was not done in time; it is tried again with the next question.</exception>
    public async Task<bool> LetAsync(
        NamespaceName name, IReadOnlyList<NameRule> rules, IReadOnlyList<DnsAddress> addresses, CancellationToken cancellationToken)
    {
        Wish own = new(name, rules, addresses);
        lock (_lock)
        {
            _wishes.Add(own);
        }

        // Whoever comes first does it for others that wait by then.
        while (!own.Done.Task.IsCompleted)
        {
            await _writing.WaitAsync(cancellationToken);
            try
            {
                if (!own.Done.Task.IsCompleted)
                {
                    await PutNextAsync();
                }
            }
            finally
            {
                _writing.Release();
            }
        }

        return await own.Done.Task;
    }

    /// <inheritdoc/>
    public void Dispose() => _writing.Dispose();

    private async Task PutNextAsync()
    {
        List<Wish> wishes = TakeNext();
        try
        {
            await PutAsync(wishes);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Nobody is to wait for what nobody does any more.
            Fail(wishes, e);
        }
    }

    // Those of the sandboxes that have waited longest: all of each, since its maps are written once for all of them.
    private List<Wish> TakeNext()
    {
        lock (_lock)
        {
            HashSet<NamespaceName> sandboxes = [];
            int elements = 0;
            foreach (IGrouping<NamespaceName, Wish> one in _wishes.GroupBy(w => w.Name))
            {
                elements += Math.Min(PinSet.Most, _sets.GetValueOrDefault(one.Key, PinSet.Empty).Count + one.Sum(w => w.Addresses.Count * w.Rules.Count));
                if (sandboxes.Count > 0 && (elements > MostElements || sandboxes.Count == MostSandboxes))
                {
                    break;
                }

                sandboxes.Add(one.Key);
            }

            List<Wish> next = [.. _wishes.Where(w => sandboxes.Contains(w.Name))];
            _wishes.RemoveAll(w => sandboxes.Contains(w.Name));
            return next;
        }
    }

    private async Task PutAsync(List<Wish> wishes)
    {
        IGrouping<NamespaceName, Wish>[] sandboxes = [.. wishes.GroupBy(w => w.Name)];
        try
        {
            await PutAsync(sandboxes);
        }
        catch (IOException) when (sandboxes.Length > 1)
        {
            // One of them may just have been removed: the others are not to suffer from it.
            foreach (IGrouping<NamespaceName, Wish> one in sandboxes)
            {
                try
                {
                    await PutAsync([one]);
                }
                catch (IOException e)
                {
                    Fail(one, e);
                }
            }
        }
        catch (IOException e)
        {
            Fail(wishes, e);
        }
    }

    private async Task PutAsync(IReadOnlyList<IGrouping<NamespaceName, Wish>> sandboxes)
    {
        NftTransaction all = new();
        DateTimeOffset now = SteadyTime.Now(_time);
        List<(NamespaceName Name, PinSet Before, PinSet After)> changes = [];
        List<(Wish Wish, bool Is)> results = [];
        foreach (IGrouping<NamespaceName, Wish> sandbox in sandboxes)
        {
            PinSet before = _sets.GetValueOrDefault(sandbox.Key, PinSet.Empty), after = before;
            foreach (Wish wish in sandbox)
            {
                PinSet? with = after.With(wish.Rules, wish.Addresses, now);
                after = with ?? after;
                results.Add((wish, with is not null));
            }

            if (after != before)
            {
                Put(sandbox, before, after);
                changes.Add((sandbox.Key, before, after));
            }
        }

        await ApplyAsync(all, changes, CancellationToken.None);
        results.ForEach(r => r.Wish.Done.TrySetResult(r.Is));

        void Put(IGrouping<NamespaceName, Wish> sandbox, PinSet before, PinSet after)
        {
            foreach (PinMap map in before.IsSure ? [] : after.Maps)
            {
                PinRules.Make(all, _names.Table, sandbox.Key, map);
            }

            PinRules.Put(all, _names.Table, sandbox.Key, after, before.IsSure ? Touched(after, sandbox) : after.Maps, now);
        }
    }

    // What failed may have been done all the same: the next change of those sandboxes writes all of their maps, whatever is there.
    private async Task ApplyAsync(
        NftTransaction transaction, IReadOnlyList<(NamespaceName Name, PinSet Before, PinSet After)> changes, CancellationToken cancellationToken)
    {
        try
        {
            await _nft.ApplyAsync(transaction, cancellationToken);
        }
        catch (IOException)
        {
            foreach ((NamespaceName name, PinSet before, PinSet after) in changes)
            {
                Keep(name, before.Unsure(after));
            }

            throw;
        }

        foreach ((NamespaceName name, _, PinSet after) in changes)
        {
            Keep(name, after);
        }
    }

    private static IEnumerable<PinMap> Touched(PinSet pins, IEnumerable<Wish> wishes)
    {
        HashSet<PortRange?> ports = [.. wishes.SelectMany(w => w.Rules).Select(r => r.Ports)];

        // Where it is full, others have made room in any of them.
        return pins.Maps.Where(m => ports.Contains(m.Ports) || pins.Count >= PinSet.Most);
    }

    private static void Fail(IEnumerable<Wish> wishes, Exception why)
    {
        foreach (Wish wish in wishes)
        {
            wish.Done.TrySetException(why);
        }
    }

    private void Keep(NamespaceName name, PinSet set)
    {
        if (set.Maps.Count > 0)
        {
            _sets[name] = set;
        }
        else
        {
            _sets.TryRemove(name, out _);
        }
    }

    /// <summary>What one answer asks for.</summary>
    private sealed record Wish(NamespaceName Name, IReadOnlyList<NameRule> Rules, IReadOnlyList<DnsAddress> Addresses)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
