using System.Text.Json.Nodes;

namespace Sleigh.Network.Cni;

/// <summary>A network configuration (CNI specification 1.0.0, section 1): a name and plugins that are called one after the other.</summary>
public sealed class CniNetwork
{
    /// <summary>The version of the specification that all configurations are written in.</summary>
    public const string Version = "1.0.0";

    /// <summary>A configuration.</summary>
    /// <param name="name">Its name: begins with a letter or figure; letters, figures, <c>_</c>, <c>.</c>, <c>-</c>.</param>
    /// <param name="plugins">Each with its <c>type</c>; the objects are not changed.</param>
    /// <exception cref="ArgumentException">The name is none, or a plugin has no type.</exception>
    public CniNetwork(string name, params JsonObject[] plugins)
    {
        ArgumentNullException.ThrowIfNull(plugins);
        if (!CniName.IsValid(name))
        {
            throw new ArgumentException($"'{name}' is no name of a CNI network", nameof(name));
        }

        if (plugins.FirstOrDefault(p => string.IsNullOrEmpty(p["type"]?.GetValue<string>())) is JsonObject nameless)
        {
            throw new ArgumentException($"a CNI plugin without a type: '{nameless.ToJsonString()}'", nameof(plugins));
        }

        (Name, Plugins) = (name, plugins);
    }

    /// <summary>The name.</summary>
    public string Name { get; }

    internal IReadOnlyList<JsonObject> Plugins { get; }

    /// <summary>What a plugin gets on standard input (section 3, "Deriving execution configuration from plugin configuration").</summary>
    internal JsonObject Execution(JsonObject plugin, CniResult? previous)
    {
        JsonObject execution = (JsonObject)plugin.DeepClone();
        execution.Remove("capabilities");
        execution["cniVersion"] = Version;
        execution["name"] = Name;
        if (previous is not null)
        {
            execution["prevResult"] = previous.Json.DeepClone();
        }

        return execution;
    }
}
