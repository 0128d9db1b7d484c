using System.Globalization;
using System.Text;

namespace Sleigh.Api.Metrics;

/// <summary>Writes the text format of Prometheus, version 0.0.4: families with help and type, and their samples.</summary>
internal sealed class MetricsText
{
    /// <summary>The content type.</summary>
    public const string ContentType = "text/plain; version=0.0.4";

    private readonly StringBuilder _text = new();

    /// <summary>Begins a family; all its samples must follow before the next one.</summary>
    public MetricsText Family(string name, string type, string help)
    {
        _text.Append("# HELP ").Append(name).Append(' ').Append(help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
        return this;
    }

    /// <summary>One figure.</summary>
    /// <param name="name">The family's name, for a histogram with its ending.</param>
    /// <param name="labels">Labels as <see cref="Label"/> and <see cref="Join"/> make them; empty: none.</param>
    /// <param name="value">The figure.</param>
    public MetricsText Sample(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0)
        {
            _text.Append('{').Append(labels).Append('}');
        }

        // The shortest text that gives the same number again: whole numbers up to 2^53 stay whole.
        _text.Append(' ').Append(value.ToString("R", CultureInfo.InvariantCulture)).Append('\n');
        return this;
    }

    /// <summary>A family of one sample without labels.</summary>
    public MetricsText One(string name, string type, string help, double value) => Family(name, type, help).Sample(name, "", value);

    /// <summary>One label.</summary>
    public static string Label(string name, string value) =>
        $"{name}=\"{value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)}\"";

    /// <summary>Labels behind each other.</summary>
    public static string Join(string labels, string more) => labels.Length == 0 ? more : $"{labels},{more}";

    public override string ToString() => _text.ToString();
}
