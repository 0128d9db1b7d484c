using System.Text;

namespace Sleigh.Cli.Output;

/// <summary>Names and values, a line each, the values below each other. Lines without a value are left out.</summary>
internal sealed class Lines
{
    private readonly List<(string Name, string Value)> _lines = [];

    /// <summary>Adds a line; the value may hold colours, so it must be one line already.</summary>
    public Lines Add(string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            _lines.Add((name, value));
        }

        return this;
    }

    public override string ToString()
    {
        int width = _lines.Count == 0 ? 0 : _lines.Max(l => l.Name.Length);
        var text = new StringBuilder();
        foreach ((string name, string value) in _lines)
        {
            text.Append(name.PadRight(width)).Append("  ").Append(value).Append('\n');
        }

        return text.ToString();
    }
}
