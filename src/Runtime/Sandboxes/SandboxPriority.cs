using System.Globalization;

namespace Sleigh.Runtime;

/// <summary>Who may be frozen and squeezed for whom when the host is short of memory: the label <c>sleigh.priority</c>.</summary>
public static class SandboxPriority
{
    /// <summary>The label's name.</summary>
    public const string Label = "sleigh.priority";

    /// <summary>The least important.</summary>
    public const int Least = -1000;

    /// <summary>The most important.</summary>
    public const int Most = 1000;

    /// <summary>The priority by a sandbox's labels; 0 without the label, or where a label from before this rule is no priority.</summary>
    public static int Of(IReadOnlyDictionary<string, string> labels) =>
        labels.TryGetValue(Label, out string? text) && TryParse(text, out int priority) ? priority : 0;

    /// <summary>An integer in range, in decimal digits with at most a sign before them.</summary>
    public static bool TryParse(string? text, out int priority) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out priority) && priority is >= Least and <= Most;
}
