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

    internal long? Find(string name) => _values.TryGetValue(name, out long value) ? value : null;
}
