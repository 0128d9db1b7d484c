using System.Text.Json.Nodes;
using Sleigh.Network.Nft;
using static Sleigh.Network.Nft.NftExpression;
using static Sleigh.Network.RuleWords;

namespace Sleigh.Network;

/// <summary>The rules of one sandbox: a chain and a counter named after its namespace, its addresses in the maps that lead to the chain.</summary>
internal static class SandboxRules
{
    /// <summary>Opens the way for a namespace that had none. Until this is done its port, its addresses and its packets are nobody's and dropped.</summary>
    public static NftTransaction Add(NetworkNames names, NamespaceName name, SandboxAddresses addresses, EgressPolicy policy)
    {
        NftTransaction all = new();
        string chain = name.ToString();
        all.AddCounter(names.Table, chain);
        all.AddChain(names.Table, chain);
        Fill(all, names.Table, chain, policy);
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
    public static NftTransaction Change(NetworkNames names, NamespaceName name, EgressPolicy policy)
    {
        NftTransaction all = new();
        all.FlushChain(names.Table, name.ToString());
        Fill(all, names.Table, name.ToString(), policy);
        return all;
    }

    /// <summary>Takes away all that <see cref="Inventory"/> found of a namespace.</summary>
    public static NftTransaction Remove(NetworkNames names, NamespaceName name, Inventory found)
    {
        NftTransaction all = new();
        string chain = name.ToString();
        all.DeleteElements(names.Table, RouterRules.Chains4, found.LeadingTo(RouterRules.Chains4, chain));
        all.DeleteElements(names.Table, RouterRules.Chains6, found.LeadingTo(RouterRules.Chains6, chain));
        if (found.Chains.Contains(chain))
        {
            all.FlushChain(names.Table, chain);
            all.DeleteChain(names.Table, chain);
        }

        if (found.Counters.Contains(chain))
        {
            all.DeleteCounter(names.Table, chain);
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

        all.FlushChain(names.Table, chain);
        all.DeleteChain(names.Table, chain);
        all.DeleteCounter(names.Table, chain);
        return all;
    }

    private static JsonArray Leads(string address, string chain) => new JsonArray(address, Goto(chain));

    private static void Fill(NftTransaction all, NftTable table, string chain, EgressPolicy policy)
    {
        foreach (JsonNode[] destination in Destinations(policy.Deny))
        {
            Refuse(destination);
        }

        Refuse(To(NetworkNames.Bridge), Match(Ct("direction"), "original"));
        all.AddRule(table, chain, Jump(RouterRules.Guard));
        Refuse(Match(Meta("mark"), RouterRules.ProtectedMark));
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

                // Errors that belong to a connection, such as that a packet was too large, have no ports to be allowed by.
                all.AddRule(table, chain, MatchState("related"), Match(Meta("l4proto"), AnyOf("icmp", "ipv6-icmp")), Verdict("accept"));
                break;
        }

        Refuse();

        void Refuse(params JsonNode[] when) => all.AddRule(table, chain, [.. when, Counter(chain), Goto(RouterRules.Refused)]);
    }
}
