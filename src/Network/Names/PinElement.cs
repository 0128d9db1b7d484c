using System.Globalization;
using System.Net;

namespace Sleigh.Network;

/// <summary>An address in a map.</summary>
/// <param name="Address">The address.</param>
/// <param name="Seconds">How long it stays.</param>
/// <param name="Marks">Marks of the names that have let it through; that of the first goes to connections.</param>
internal sealed record PinElement(IPAddress Address, int Seconds, IReadOnlyList<uint> Marks)
{
    /// <summary>What is written beside it, so that a later run knows whose it is: nft takes 128 characters.</summary>
    public string Comment => string.Join(' ', Marks.Select(m => m.ToString("x8", CultureInfo.InvariantCulture)));

    /// <summary>Reads a comment; what is no mark is passed over.</summary>
    public static IEnumerable<uint> MarksIn(string? comment)
    {
        foreach (string word in (comment ?? "").Split(' '))
        {
            if (uint.TryParse(word, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out uint mark))
            {
                yield return mark;
            }
        }
    }
}
