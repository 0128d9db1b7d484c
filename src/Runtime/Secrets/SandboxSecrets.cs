using System.Text;

namespace Sleigh.Runtime.Secrets;

/// <summary>
/// Values that stand in the environment of a sandbox's commands and in memory, and nowhere else: here, and in the sandbox's sleigh-init, which
/// keeps them over the daemon's end. Records and replies have their names.
/// </summary>
internal sealed class SandboxSecrets
{
    /// <summary>None at all.</summary>
    public static readonly SandboxSecrets None = new(new Dictionary<string, string>());

    /// <summary>Values by name; names and values hold no NUL, and names no equals sign.</summary>
    public SandboxSecrets(IReadOnlyDictionary<string, string> values) =>
        (Values, Names) = (values, [.. values.Keys.Order(StringComparer.Ordinal)]);

    /// <summary>The values.</summary>
    public IReadOnlyDictionary<string, string> Values { get; }

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Reads what <see cref="ToBytes"/> has written; null when it is something else.</summary>
    public static SandboxSecrets? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || bytes[^1] != 0)
        {
            return null;
        }

        Dictionary<string, string> values = new(StringComparer.Ordinal);
        bytes = bytes[..^1];
        while (!bytes.IsEmpty)
        {
            int end = bytes.IndexOf((byte)0);
            int equals = bytes.IndexOf((byte)'=');
            if (end < 0 || equals <= 0 || equals > end)
            {
                return null;
            }

            values[Encoding.UTF8.GetString(bytes[..equals])] = Encoding.UTF8.GetString(bytes[(equals + 1)..end]);
            bytes = bytes[(end + 1)..];
        }

        return new SandboxSecrets(values);
    }

    /// <summary>Zero-ended <c>NAME=value</c> texts, and one more zero: that there are none is something, too.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Concat(Names.Select(name => $"{name}={Values[name]}\0").Append("\0")));

    /// <summary>The names alone: it may come into a log.</summary>
    public override string ToString() => string.Join(", ", Names);
}
