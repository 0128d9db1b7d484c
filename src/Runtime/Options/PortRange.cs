using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Sleigh.Runtime.Options;

/// <summary>Port numbers from one to another, both included.</summary>
/// <param name="First">1 to 65535.</param>
/// <param name="Last">Not below <paramref name="First"/>, at most 65535.</param>
public sealed record PortRange(int First, int Last)
{
    /// <summary>How many there are.</summary>
    public int Count => Last - First + 1;

    /// <summary>Whether a port is one of them.</summary>
    public bool Contains(int port) => port >= First && port <= Last;

    /// <summary>Reads <c>30000-30099</c>.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out PortRange? range)
    {
        range = null;
        if (text?.Split('-') is [{ } from, { } to] && TryPort(from, out int first) && TryPort(to, out int last) && first <= last)
        {
            range = new PortRange(first, last);
        }

        return range is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    private static bool TryPort(string text, out int port) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out port) && port is >= 1 and <= 65_535;
}
