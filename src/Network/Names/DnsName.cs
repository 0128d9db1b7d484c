using System.Text;

namespace Sleigh.Network;

/// <summary>
/// A name as messages have it (RFC 1035, section 3.1), in lower case, since names are the same in both (RFC 4343): labels with their length before each, without the
/// root's. So a dot inside a label is no dot between two.
/// </summary>
internal readonly record struct DnsName
{
    private const int LongestLabel = 63;

    // 255 with the root's length (RFC 1035, section 2.3.4).
    private const int Longest = 254;

    // A name of 127 labels needs no more.
    private const int MostPointers = 127;

    private readonly string? _wire;

    private DnsName(string wire) => _wire = wire;

    private string Text => _wire ?? "";

    /// <summary>Reads one; fails where it is cut off, too long, of a kind of label that is not in use, or points anywhere but back.</summary>
    /// <param name="message">The whole message.</param>
    /// <param name="at">Where it begins; behind it afterwards.</param>
    /// <param name="name">The name.</param>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int at, out DnsName name)
    {
        name = default;
        StringBuilder wire = new();
        int here = at, segment = at, end = -1;
        for (int pointers = 0; here < message.Length;)
        {
            int length = message[here];
            if (length == 0)
            {
                name = new DnsName(wire.ToString());
                at = end < 0 ? here + 1 : end;
                return true;
            }

            if (length <= LongestLabel)
            {
                if (here + length >= message.Length || wire.Length + length + 1 > Longest)
                {
                    return false;
                }

                wire.Append((char)length);
                foreach (byte one in message.Slice(here + 1, length))
                {
                    wire.Append(one is >= (byte)'A' and <= (byte)'Z' ? (char)(one | 0x20) : (char)one);
                }

                here += length + 1;
                continue;
            }

            // Strictly back each time, so it comes to an end.
            if (length < 0xC0 || here + 1 >= message.Length || ++pointers > MostPointers || (((length & 0x3F) << 8) | message[here + 1]) >= segment)
            {
                return false;
            }

            end = end < 0 ? here + 2 : end;
            here = segment = ((length & 0x3F) << 8) | message[here + 1];
        }

        return false;
    }

    /// <summary>The form of a name that is written with dots, in lower case.</summary>
    public static string Wire(string dotted) => string.Concat(dotted.Split('.').Select(label => (char)label.Length + label));

    /// <summary>Whether it is that name.</summary>
    public bool IsSame(string wire) => string.Equals(Text, wire, StringComparison.Ordinal);

    /// <summary>Whether it has that name behind one label or more.</summary>
    public bool IsBelow(string wire)
    {
        string text = Text;
        int at = 0;
        while (text.Length - at > wire.Length)
        {
            at += text[at] + 1;
        }

        return at > 0 && text.Length - at == wire.Length && string.CompareOrdinal(text, at, wire, 0, wire.Length) == 0;
    }

    /// <summary>The labels from the first, each with those behind it: for writing a name whose end is in the message already.</summary>
    public IEnumerable<(DnsName Tail, byte[] Label)> Labels()
    {
        string text = Text;
        for (int at = 0; at < text.Length; at += text[at] + 1)
        {
            yield return (new DnsName(text[at..]), Encoding.Latin1.GetBytes(text.Substring(at, text[at] + 1)));
        }
    }

    /// <summary>With dots; what is neither letter, digit, hyphen nor underscore as <c>\DDD</c> (RFC 1035, section 5.1).</summary>
    public override string ToString()
    {
        StringBuilder dotted = new();
        string text = Text;
        for (int at = 0; at < text.Length; at += text[at] + 1)
        {
            dotted.Append(at > 0 ? "." : "");
            foreach (char one in text.AsSpan(at + 1, text[at]))
            {
                dotted.Append(char.IsAsciiLetterOrDigit(one) || one is '-' or '_' ? $"{one}" : $"\\{(int)one:D3}");
            }
        }

        return dotted.ToString();
    }
}
