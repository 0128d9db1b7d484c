using System.Net;
using System.Net.Sockets;

namespace Sleigh.Network;

/// <summary>
/// The addresses that names have let through for one sandbox: what its maps in the kernel hold. A value: what is to come is made of it first, put into the kernel
/// then, and takes its place after that.
/// </summary>
internal sealed class PinSet
{
    /// <summary>How many one sandbox has at most; the ones that end first make room.</summary>
    public const int Most = 1024;

    private const int MostMarks = 12;

    private readonly IReadOnlyDictionary<(IPAddress Address, uint Mark), DateTimeOffset> _until;

    private PinSet(
        IReadOnlyList<NameRule> rules, IReadOnlyDictionary<(IPAddress Address, uint Mark), DateTimeOffset> until, IReadOnlyCollection<PinMap> maps) =>
        (Rules, _until, Maps) = (rules, until, maps);

    /// <summary>None, and no map for any.</summary>
    public static PinSet Empty { get; } = new([], new Dictionary<(IPAddress Address, uint Mark), DateTimeOffset>(), []);

    /// <summary>The names that let addresses through.</summary>
    public IReadOnlyList<NameRule> Rules { get; }

    /// <summary>The maps in the kernel: one for each family and range of ports.</summary>
    public IReadOnlyCollection<PinMap> Maps { get; }

    /// <summary>
    /// Whether the kernel is known to hold just this. False after a change that has failed: when nft was ended before it could say so, it may have been made all the
    /// same.
    /// </summary>
    public bool IsSure { get; private init; } = true;

    /// <summary>How many addresses there are, each counted for each name that has it.</summary>
    public int Count => _until.Count;

    /// <summary>What was found in the kernel, of a run before: which rules its marks are of is known when the policy is.</summary>
    public static PinSet Found(IReadOnlyCollection<PinMap> maps, IEnumerable<(IPAddress Address, uint Mark, DateTimeOffset Until)> pins) =>
        new([], pins.DistinctBy(p => (p.Address, p.Mark)).ToDictionary(p => (p.Address, p.Mark), p => p.Until), maps);

    /// <summary>The same after a change to another one has failed: the kernel has the maps of this one or of that, filled as this one or as that.</summary>
    public PinSet Unsure(PinSet tried) => new(Rules, _until, [.. Maps.Union(tried.Maps)]) { IsSure = false };

    /// <summary>The same under other rules: what was let through by names that are gone is gone.</summary>
    public PinSet Under(IReadOnlyList<NameRule> rules)
    {
        HashSet<uint> marks = [.. rules.Select(r => r.Mark)];
        return new PinSet(
            rules, _until.Where(p => marks.Contains(p.Key.Mark)).ToDictionary(),
            [.. rules.Select(r => r.Ports).Distinct().SelectMany(p => (PinMap[])[new PinMap(false, p), new PinMap(true, p)])]);
    }

    /// <summary>With addresses of a name that these rules let through; null: none of the rules is in force any more.</summary>
    public PinSet? With(IReadOnlyList<NameRule> rules, IReadOnlyList<DnsAddress> addresses, DateTimeOffset now)
    {
        NameRule[] valid = [.. rules.Where(Rules.Contains)];
        if (valid.Length == 0)
        {
            return null;
        }

        Dictionary<(IPAddress Address, uint Mark), DateTimeOffset> next = _until.Where(p => p.Value > now).ToDictionary();
        foreach (((IPAddress, uint) key, TimeSpan life) in addresses.SelectMany(a => valid.Select(r => ((a.Address, r.Mark), a.Life))))
        {
            DateTimeOffset until = now + PinLife.Granted(life);
            next[key] = next.TryGetValue(key, out DateTimeOffset before) && before > until ? before : until;
        }

        if (next.Count > Most)
        {
            // Never those that are asked for now, though they may end first.
            HashSet<IPAddress> asked = [.. addresses.Select(a => a.Address)];
            next = next.OrderByDescending(p => asked.Contains(p.Key.Address)).ThenByDescending(p => p.Value).Take(Most).ToDictionary();
        }

        return new PinSet(Rules, next, Maps);
    }

    /// <summary>Whether all of these addresses are let through for as long as they may be remembered.</summary>
    public bool Covers(IReadOnlyList<NameRule> rules, IReadOnlyList<DnsAddress> addresses, DateTimeOffset now) =>
        IsSure && rules.All(Rules.Contains)
        && addresses.All(a => rules.All(r => _until.TryGetValue((a.Address, r.Mark), out DateTimeOffset until) && until >= now + PinLife.Needed(a.Life)));

    /// <summary>The elements of a map.</summary>
    public IReadOnlyList<PinElement> Elements(PinMap map, DateTimeOffset now)
    {
        HashSet<uint> marks = [.. Rules.Where(r => r.Ports == map.Ports).Select(r => r.Mark)];
        AddressFamily family = map.IsSix ? AddressFamily.InterNetworkV6 : AddressFamily.InterNetwork;
        return
        [
            .. _until.Where(p => p.Value > now && p.Key.Address.AddressFamily == family && marks.Contains(p.Key.Mark)).GroupBy(p => p.Key.Address)
                .Select(g => new PinElement(
                    g.Key, (int)Math.Ceiling((g.Max(p => p.Value) - now).TotalSeconds),
                    [.. g.OrderByDescending(p => p.Value).ThenBy(p => p.Key.Mark).Select(p => p.Key.Mark).Take(MostMarks)])),
        ];
    }
}
