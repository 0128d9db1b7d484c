using System.Globalization;

namespace Sleigh.Network;

/// <summary>Ports of TCP and UDP from the first to the last, both among them.</summary>
/// <param name="First">1 to 65535.</param>
/// <param name="Last">At least <paramref name="First"/>.</param>
public readonly record struct PortRange(int First, int Last)
{
    /// <summary>Reads <c>443</c> or <c>8000-8100</c>.</summary>
    public static bool TryParse(string text, out PortRange range)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split('-');
        range = default;
        if (parts.Length > 2 || !TryPort(parts[0], out int first) || !TryPort(parts[^1], out int last) || last < first)
        {
            return false;
        }

        range = new PortRange(first, last);
        return true;
    }

    /// <summary>As it is written.</summary>
    public override string ToString() =>
        First == Last ? First.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65535;
}
