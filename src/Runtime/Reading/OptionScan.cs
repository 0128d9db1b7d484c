namespace Sleigh.Runtime.Reading;

/// <summary>
/// Looks for refused options in all arguments up to <c>--</c>. An argument that may be the value of the one before it is looked at all the
/// same, and <c>--</c> ends the options only where it cannot be such a value: <c>rg -e -- --pre=x</c> searches for <c>--</c> and runs x.
/// </summary>
internal static class OptionScan
{
    /// <summary>The first argument that is refused; null when there is none.</summary>
    public static string? FindRefused(OptionRules rules, IReadOnlyList<string> arguments)
    {
        // How many of the arguments that follow may be values, at most.
        int values = 0;
        foreach (string argument in arguments)
        {
            if (argument == "--" && values == 0)
            {
                return null;
            }

            values = Math.Max(0, values - 1);
            if (argument.Length < 2 || argument[0] != '-' || argument == "--")
            {
                continue;
            }

            if (argument[1] == '-' ? IsRefusedName(rules, argument[2..], ref values) : IsRefusedCluster(rules, argument.AsSpan(1), ref values))
            {
                return argument;
            }
        }

        return null;
    }

    // The beginning of a refused name may be taken for the whole of it.
    private static bool IsRefusedName(OptionRules rules, string option, ref int values)
    {
        int equals = option.IndexOf('=', StringComparison.Ordinal);
        string name = equals < 0 ? option : option[..equals];
        if (equals < 0 && !rules.LongFlags.Contains(name))
        {
            values++;
        }

        return name.Length > 0 && Array.Exists(rules.RefusedNames, refused => refused.StartsWith(name, StringComparison.Ordinal));
    }

    private static bool IsRefusedCluster(OptionRules rules, ReadOnlySpan<char> letters, ref int values)
    {
        for (int i = 0; i < letters.Length; i++)
        {
            char letter = letters[i];
            if (rules.Refused.Contains(letter, StringComparison.Ordinal))
            {
                return true;
            }

            if (rules.Values.Contains(letter, StringComparison.Ordinal))
            {
                values += i == letters.Length - 1 ? 1 : 0;
                return false;
            }

            values += rules.Flags.Contains(letter, StringComparison.Ordinal) ? 0 : 1;
        }

        return false;
    }
}
