using System.Globalization;

namespace Sleigh.Runtime;

/// <summary>What <c>/proc/PID/status</c> says about what a process may do: proc_pid_status(5).</summary>
/// <param name="Permitted">Bit n is set for capability number n.</param>
/// <param name="Bounding">What no child can pass.</param>
/// <param name="NoNewPrivileges">Since Linux 4.10.</param>
/// <param name="Seccomp">0: none, 1: strict, 2: a filter.</param>
internal readonly record struct ProcessPrivileges(ulong Permitted, ulong Bounding, bool NoNewPrivileges, int Seccomp)
{
    /// <summary>A filter of system calls is in force.</summary>
    public bool HasFilter => Seccomp == 2;

    /// <exception cref="FormatException">A line is missing or cut off; the text names it.</exception>
    public static ProcessPrivileges Parse(string text)
    {
        Dictionary<string, string> lines = [];
        foreach (string line in text.Split('\n'))
        {
            if (line.Split(':', 2) is [var name, var value])
            {
                lines[name] = value.Trim();
            }
        }

        return new ProcessPrivileges(Mask("CapPrm"), Mask("CapBnd"), Number("NoNewPrivs") == 1, Number("Seccomp"));

        string Line(string name) => lines.GetValueOrDefault(name) ?? throw new FormatException($"no '{name}' line in '{text}'");

        ulong Mask(string name) => Line(name) is { Length: 16 } hex && ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong mask)
            ? mask
            : throw new FormatException($"'{Line(name)}' is no set of capabilities in '{name}'");

        int Number(string name) => int.TryParse(Line(name), NumberStyles.None, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new FormatException($"'{Line(name)}' is no number in '{name}'");
    }
}
