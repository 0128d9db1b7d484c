using System.Text.Json.Nodes;
using Sleigh.Network.Nft;
using static Sleigh.Network.Nft.NftExpression;
using static Sleigh.Network.RuleWords;

namespace Sleigh.Network;

/// <summary>The rules of one sandbox: a chain and counters named after its namespace, its addresses in the maps that lead to the chain.</summary>
internal static class SandboxRules
{
    /// <summary>Opens the way for a namespace that had none. Until this is done its port, its addresses and its packets are nobody's and dropped.</summary>
    /// <param name="names">Names.</param>
    /// <param name="name">The namespace.</param>
    /// <param name="addresses">Its addresses.</param>
    /// <param name="policy">What it may reach.</param>
    /// <param name="connections">The most connections it may have at a time; null: any number.</param>
    public static NftTransaction Add(NetworkNames names, NamespaceName name, SandboxAddresses addresses, EgressPolicy policy, int? connections)
    {
        NftTransaction all = new();
        string chain = name.ToString();
        AddCounters(all, names.Table, chain);
        all.AddChain(names.Table, chain);
        Fill(all, names.Table, chain, policy, connections, () => { });
        all.AddElements(names.Table, RouterRules.Chains4, [Leads(addresses.Four.ToString(), chain)]);
        all.AddElements(names.PortTable, RouterRules.Bound, [Concat(addresses.Port, addresses.Mac)]);
        all.AddElements(names.PortTable, RouterRules.Bound4, [Concat(addresses.Port, addresses.Mac, addresses.Four.ToString())]);
        if (addresses.Six is not null)
        {
            all.AddElements(names.Table, RouterRules.Chains6, [Leads(addresses.Six.ToString(), chain)]);
            all.AddElements(names.PortTable, RouterRules.Bound6, [Concat(addresses.Port, addresses.Mac, addresses.Six.ToString())]);
        }

        return all;
    }

    /// <summary>Puts another policy in force, in one step.</summary>
    /// <param name="names">Names.</param>
    /// <param name="name">Whose.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="connections">The most connections at a time; null: any number.</param>
    /// <param name="before">What names have let through until now.</param>
    /// <param name="after">What of it the policy still lets through.</param>
    /// <param name="now">The time.</param>
    public static NftTransaction Change(NetworkNames names, NamespaceName name, EgressPolicy policy, int? connections, PinSet before, PinSet after, DateTimeOffset now)
    {
        NftTransaction all = new();
        AddCounters(all, names.Table, name.ToString());
        all.FlushChain(names.Table, name.ToString());
        PinRules.Replace(all, names.Table, name, before, after, now);
        Fill(all, names.Table, name.ToString(), policy, connections, () => PinRules.Fill(all, names.Table, name, after));
        return all;
    }

    /// <summary>Takes away all that <see cref="Inventory"/> found of a namespace.</summary>
    public static NftTransaction Remove(NetworkNames names, NamespaceName name, Inventory found)
    {
        NftTransaction all = new();
        string chain = name.ToString();
        foreach (string map in (string[])[RouterRules.Chains4, RouterRules.Chains6])
        {
            all.DeleteElements(names.Table, map, found.LeadingTo(map, chain));
            foreach (string address in found.AddressesOf(map, chain))
            {
                bool isSix = map == RouterRules.Chains6;
                RouterRules.Uncount(all, names.Table, isSix ? null : address, isSix ? address : null);
            }
        }

        if (found.Chains.Contains(chain))
        {
            all.FlushChain(names.Table, chain);
            all.DeleteChain(names.Table, chain);
        }

        foreach (PinMap map in found.PinMapsOf(name))
        {
            all.DeleteMap(names.Table, map.NameFor(name));
        }

        foreach (string counter in CounterName.All(chain).Where(found.Counters.Contains))
        {
            all.DeleteCounter(names.Table, counter);
        }

        return all;
    }

    /// <summary>Takes away the whole of a namespace that is known to be there.</summary>
    public static NftTransaction Remove(NetworkNames names, NamespaceName name, SandboxAddresses addresses)
    {
        NftTransaction all = new();
        string chain = name.ToString();
        all.DeleteElements(names.Table, RouterRules.Chains4, [Leads(addresses.Four.ToString(), chain)]);
        all.DeleteElements(names.PortTable, RouterRules.Bound, [Concat(addresses.Port, addresses.Mac)]);
        all.DeleteElements(names.PortTable, RouterRules.Bound4, [Concat(addresses.Port, addresses.Mac, addresses.Four.ToString())]);
        if (addresses.Six is not null)
        {
            all.DeleteElements(names.Table, RouterRules.Chains6, [Leads(addresses.Six.ToString(), chain)]);
            all.DeleteElements(names.PortTable, RouterRules.Bound6, [Concat(addresses.Port, addresses.Mac, addresses.Six.ToString())]);
        }

        RouterRules.Uncount(all, names.Table, addresses.Four.ToString(), addresses.Six?.ToString());
        all.FlushChain(names.Table, chain);
        all.DeleteChain(names.Table, chain);
        foreach (string counter in CounterName.All(chain))
        {
            all.DeleteCounter(names.Table, counter);
        }

        return all;
    }

    private static JsonArray Leads(string address, string chain) => new JsonArray(address, Goto(chain));

    private static void AddCounters(NftTransaction all, NftTable table, string chain)
    {
        foreach (string counter in CounterName.All(chain))
        {
            all.AddCounter(table, counter);
        }
    }

    private static void Fill(NftTransaction all, NftTable table, string chain, EgressPolicy policy, int? connections, Action fillNames)
    {
        foreach (JsonNode[] destination in Destinations(policy.Deny))
        {
            Refuse(RefusalReason.Denied, destination);
        }

        Refuse(RefusalReason.Protected, To(NetworkNames.Bridge), Match(Ct("direction"), "original"));
        all.AddRule(table, chain, Jump(RouterRules.Guard));
        Refuse(RefusalReason.Protected, Match(Meta("mark"), RouterRules.ProtectedMark));
        if (connections is int most && policy.Mode != EgressMode.None)
        {
            foreach (JsonNode[] more in RouterRules.MoreThan(most))
            {
                Refuse(RefusalReason.Connections, more);
            }
        }

        switch (policy.Mode)
        {
            case EgressMode.Open:
                all.AddRule(table, chain, Verdict("accept"));
                return;
            case EgressMode.Restricted:
                foreach (JsonNode[] destination in Destinations(policy.Allow))
                {
                    all.AddRule(table, chain, [.. destination, Verdict("accept")]);
                }

                fillNames();

                // Errors that belong to a connection, such as that a packet was too large, have no ports to be allowed by.
                all.AddRule(table, chain, MatchState("related"), Match(Meta("l4proto"), AnyOf("icmp", "ipv6-icmp")), Verdict("accept"));
                break;
        }

        Refuse(RefusalReason.NotAllowed);

        void Refuse(RefusalReason reason, params JsonNode[] when) =>
            all.AddRule(table, chain, [.. when, Counter(CounterName.Of(chain, reason)), Goto(RouterRules.Refused)]);
    }
}
