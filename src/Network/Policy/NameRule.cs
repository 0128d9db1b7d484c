using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Sleigh.Network;

/// <summary>
/// A name of the DNS that is allowed or denied, or with <c>*.</c> in front all names below it, at any depth and without itself; with ports only these of TCP and
/// UDP. Written as <c>example.org</c>, <c>*.example.net</c>, <c>example.com:443</c>, <c>example.com:8000-8100</c>. Names of other scripts are written as they
/// are asked for, in ASCII (RFC 5891).
/// </summary>
public sealed record NameRule
{
    /// <summary>What <see cref="TryParse"/> takes, as the end of a sentence that begins with "must be".</summary>
    public const string Form = "a name such as example.org or *.example.net, with ports as in example.com:443";

    private const int LongestName = 253;
    private const int LongestLabel = 63;

    private readonly string _wire;

    private NameRule(string name, PortRange? ports)
    {
        (Name, Ports, IsWildcard) = (name, ports, name.StartsWith("*.", StringComparison.Ordinal));
        _wire = DnsName.Wire(IsWildcard ? name[2..] : name);
        Mark = Math.Max(1, BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes(ToString()))));
    }

    /// <summary>The name, in lower case, with <c>*.</c> in front where it stands for those below it.</summary>
    public string Name { get; }

    /// <summary>Only these ports; null: all protocols and ports.</summary>
    public PortRange? Ports { get; }

    /// <summary>Whether it stands for the names below it.</summary>
    public bool IsWildcard { get; }

    /// <summary>The mark of connections that were let through by it: the same for the same text, in every run of the daemon; never 0.</summary>
    internal uint Mark { get; }

    /// <summary>Reads one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="fault">What is wrong with it, as a sentence; null where it is no name at all.</param>
    public static bool TryParse(string text, out NameRule? rule, out string? fault)
    {
        ArgumentNullException.ThrowIfNull(text);
        rule = null;
        string[] parts = text.Split(':');
        PortRange ports = default;
        fault = parts.Length > 2 ? null
            : parts.Length == 2 && !PortRange.TryParse(parts[1], out ports) ? "ports are 443 or 8000-8100, from 1 to 65535"
            : FaultOf(parts[0]);
        if (fault is not null || parts.Length > 2 || IsNumber(parts[0]))
        {
            return false;
        }

        rule = new NameRule(parts[0].ToLowerInvariant(), parts.Length == 2 ? ports : null);
        return true;
    }

    /// <summary>As it is written.</summary>
    public override string ToString() => Ports is PortRange ports ? $"{Name}:{ports}" : Name;

    /// <inheritdoc/>
    public bool Equals(NameRule? other) => other is not null && other.Name == Name && other.Ports == Ports;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Ports);

    /// <summary>Whether a name is meant.</summary>
    internal bool Matches(DnsName name) => IsWildcard ? name.IsBelow(_wire) : name.IsSame(_wire);

    // Nobody's name ends so (RFC 3696, section 2): it would be taken for an address by many a program.
    private static bool IsNumber(string name) => name.Split('.')[^1].All(char.IsAsciiDigit);

    private static string? FaultOf(string name)
    {
        if (!Ascii.IsValid(name))
        {
            return "a name of another script is written as it is asked for, in ASCII (xn--...)";
        }

        if (name.Length > LongestName)
        {
            return $"a name has at most {LongestName} characters";
        }

        string[] labels = (name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name).Split('.');
        if (name.Contains('*', StringComparison.Ordinal) && labels.Any(l => l.Contains('*', StringComparison.Ordinal)))
        {
            return "* stands for the whole of the first part, as in *.example.net, and nowhere else";
        }

        if (labels.Any(l => l.Length is 0 or > LongestLabel))
        {
            return $"each part of a name between dots has 1 to {LongestLabel} characters, and no dot stands at the end";
        }

        if (labels.Any(l => l[0] == '-' || l[^1] == '-' || !l.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')))
        {
            return "a name has letters, digits, - and _ between its dots, and no part begins or ends with -";
        }

        return labels.Length == 1 && name.Length == labels[0].Length ? "a name has at least two parts, as in example.com" : null;
    }
}
