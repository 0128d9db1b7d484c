using System.Text.Json.Nodes;
using Sleigh.Network.Nft;

namespace Sleigh.Network.Tests;

/// <summary>Maps as the kernel keeps them, whole transactions at a time; one that names a map which is not there is refused.</summary>
internal sealed class FakeNft
{
    private readonly Lock _lock = new();
    private readonly List<JsonObject[]> _done = [];
    private Dictionary<string, JsonArray> _maps = [];

    /// <summary>What is carried out, oldest first: the commands of each transaction.</summary>
    public IReadOnlyList<JsonObject[]> Done
    {
        get
        {
            lock (_lock)
            {
                return [.. _done];
            }
        }
    }

    /// <summary>The maps that are there, with the addresses in them.</summary>
    public IReadOnlyDictionary<string, string[]> Maps
    {
        get
        {
            lock (_lock)
            {
                return _maps.ToDictionary(m => m.Key, m => m.Value.Select(e => e![0]!["elem"]!["val"]!.GetValue<string>()).ToArray());
            }
        }
    }

    /// <summary>Called before each transaction.</summary>
    public Func<Task> Before { get; set; } = () => Task.CompletedTask;

    /// <summary>Called after each; what it throws is heard of a transaction that was carried out.</summary>
    public Action After { get; set; } = () => { };

    public NftCommand Command() => new(async (_, input, _) =>
    {
        await Before();
        Apply([.. ((JsonArray)JsonNode.Parse(input)!["nftables"]!).OfType<JsonObject>()]);
        After();
        return "";
    });

    private void Apply(JsonObject[] commands)
    {
        lock (_lock)
        {
            Dictionary<string, JsonArray> next = _maps.ToDictionary(m => m.Key, m => (JsonArray)m.Value.DeepClone());
            foreach ((string verb, JsonNode? what) in commands.Select(c => c.First()))
            {
                (string kind, JsonNode? value) = what!.AsObject().First();
                string name = value!["name"]?.GetValue<string>() ?? "";
                if (kind is "map" or "element" && (verb, kind) != ("add", "map") && !next.ContainsKey(name))
                {
                    throw new IOException($"there is no map {name}");
                }

                switch (verb, kind)
                {
                    case ("add", "map"):
                        next.TryAdd(name, []);
                        break;
                    case ("delete", "map"):
                        next.Remove(name);
                        break;
                    case ("flush", "map"):
                        next[name] = [];
                        break;
                    case ("add", "element"):
                        next[name] = [.. next[name].Concat(value["elem"]!.AsArray()).Select(e => e!.DeepClone())];
                        break;
                }
            }

            _maps = next;
            _done.Add(commands);
        }
    }
}
