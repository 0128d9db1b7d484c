using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Sleigh.Network.Cni;

/// <summary>An interface that a plugin made.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Mac">Its hardware address; empty where the plugin says none.</param>
/// <param name="Sandbox">The file of the namespace it is in; null: the one in which the plugin ran.</param>
public sealed record CniInterface(string Name, string Mac, string? Sandbox);

/// <summary>An address that a plugin gave.</summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">The network's.</param>
/// <param name="Gateway">The way out of the network; null: none.</param>
public sealed record CniAddress(IPAddress Address, int PrefixLength, IPAddress? Gateway);

/// <summary>What an ADD gave (CNI specification 1.0.0, section 5, "ADD Success").</summary>
public sealed class CniResult
{
    private CniResult(JsonObject json, IReadOnlyList<CniInterface> interfaces, IReadOnlyList<CniAddress> addresses) =>
        (Json, Interfaces, Addresses) = (json, interfaces, addresses);

    /// <summary>The whole, for the next plugin's <c>prevResult</c>.</summary>
    public JsonObject Json { get; }

    /// <summary>Interfaces.</summary>
    public IReadOnlyList<CniInterface> Interfaces { get; }

    /// <summary>Addresses.</summary>
    public IReadOnlyList<CniAddress> Addresses { get; }

    /// <summary>Reads one. Members that the specification does not know are kept and passed over.</summary>
    /// <exception cref="FormatException">It is no result; the text quotes it.</exception>
    public static CniResult Parse(string text)
    {
        try
        {
            JsonObject json = JsonNode.Parse(text) as JsonObject ?? throw new FormatException($"not a CNI result: '{text}'");
            return new CniResult(
                json,
                [.. Items(json, "interfaces").Select(i => new CniInterface(
                    Text(i, "name") ?? throw new FormatException($"an interface without a name in the CNI result '{text}'"),
                    Text(i, "mac") ?? "",
                    Text(i, "sandbox") is { Length: > 0 } sandbox ? sandbox : null))],
                [.. Items(json, "ips").Select(i => Address(i, text))]);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new FormatException($"not a CNI result: '{text}'", e);
        }
    }

    private static CniAddress Address(JsonObject item, string whole)
    {
        string text = Text(item, "address") ?? "";
        string[] parts = text.Split('/');
        if (parts.Length != 2 || !IPAddress.TryParse(parts[0], out IPAddress? address)
            || !int.TryParse(parts[1], System.Globalization.CultureInfo.InvariantCulture, out int length))
        {
            throw new FormatException($"'{text}' is no address with a prefix length, in the CNI result '{whole}'");
        }

        return new CniAddress(address, length, IPAddress.TryParse(Text(item, "gateway"), out IPAddress? gateway) ? gateway : null);
    }

    private static IEnumerable<JsonObject> Items(JsonObject json, string name) => (json[name] as JsonArray ?? []).OfType<JsonObject>();

    private static string? Text(JsonObject item, string name) => item[name]?.GetValue<string>();
}
