using System.Globalization;

namespace Sleigh.Cgroups;

/// <summary>A kernel file of the kind "flat keyed": one <c>name value</c> pair a line.</summary>
internal sealed class FlatKeyed
{
    private readonly Dictionary<string, long> _values = [];
    private readonly string _text;

    private FlatKeyed(string text)
    {
        _text = text;
    }

    /// <summary>The value of a name that must be there.</summary>
    internal long this[string name] => Find(name) ?? throw new FormatException($"no '{name}' line in '{_text}'");

    internal static FlatKeyed Parse(string text)
    {
        FlatKeyed result = new(text);
        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            // A line of another shape is a newer kernel's; a known name without a number is found by who asks for it.
            if (space > 0 && long.TryParse(line.AsSpan(space + 1), NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            {
                result._values[line[..space]] = value;
            }
        }

        return result;
    }

    /// <summary>The value of one name in a long text; no other line costs memory.</summary>
    /// <exception cref="FormatException">There is no such line, or it is cut off.</exception>
    internal static long ValueOf(string text, ReadOnlySpan<char> name)
    {
        ReadOnlySpan<char> rest = text;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOf('\n');
            ReadOnlySpan<char> line = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ' '
                && long.TryParse(line[(name.Length + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out long value))
            {
                return value;
            }
        }

        throw new FormatException($"no '{name}' line in '{text}'");
    }

    internal long? Find(string name) => _values.TryGetValue(name, out long value) ? value : null;
}
