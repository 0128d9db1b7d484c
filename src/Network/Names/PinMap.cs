using System.Diagnostics.CodeAnalysis;

namespace Sleigh.Network;

/// <summary>A map of a sandbox in the kernel, from addresses that names have let through to marks.</summary>
/// <param name="IsSix">Of IPv6 addresses.</param>
/// <param name="Ports">For these ports; null: for all protocols and ports.</param>
internal readonly record struct PinMap(bool IsSix, PortRange? Ports)
{
    /// <summary>Its name: that of the namespace, <c>_4</c> or <c>_6</c>, and the ports.</summary>
    public string NameFor(NamespaceName name)
    {
        string map = $"{name}_{(IsSix ? '6' : '4')}";
        return Ports is PortRange ports ? FormattableString.Invariant($"{map}_{ports.First}_{ports.Last}") : map;
    }

    /// <summary>Reads such a name.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out NamespaceName name, out PinMap map)
    {
        (name, map) = (default, default);
        string[] parts = text?.Split('_') ?? [];
        PortRange ports = default;
        if (parts.Length is not (3 or 5) || !NamespaceName.TryParse($"{parts[0]}_{parts[1]}", out name) || parts[2] is not ("4" or "6")
            || (parts.Length == 5 && !PortRange.TryParse($"{parts[3]}-{parts[4]}", out ports)))
        {
            return false;
        }

        map = new PinMap(parts[2] == "6", parts.Length == 5 ? ports : null);
        return true;
    }
}
