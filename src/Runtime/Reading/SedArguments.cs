namespace Sleigh.Runtime.Reading;

/// <summary>
/// Finds the script among sed's arguments and reads it. Only options that every sed takes in the same way, and in full, are let through:
/// so it is known which argument is the script.
/// </summary>
internal static class SedArguments
{
    private const string Flags = "nrEszub";
    private const string Expression = "--expression";

    private static readonly string[] LongFlags =
    [
        "--quiet", "--silent", "--regexp-extended", "--null-data", "--zero-terminated", "--separate", "--unbuffered", "--binary", "--posix",
        "--debug", "--sandbox", "--follow-symlinks",
    ];

    /// <summary>The first argument that can write or execute, or that cannot be read for sure; null when there is none.</summary>
    public static string? FindRefused(IReadOnlyList<string> arguments)
    {
        if (arguments is ["--help"] or ["--version"])
        {
            return null;
        }

        List<string> expressions = [];
        string? positional = null;
        for (int i = 0; i < arguments.Count; i++)
        {
            string argument = arguments[i];
            if (argument == "--")
            {
                positional ??= i + 1 < arguments.Count ? arguments[i + 1] : null;
                break;
            }

            if (argument.Length < 2 || argument[0] != '-')
            {
                positional ??= argument;
                continue;
            }

            if (!TryReadOption(arguments, ref i, out string? expression))
            {
                return argument;
            }

            if (expression is not null)
            {
                // Behind a file name: some take it for a file and that name for the script, others the other way round.
                if (positional is not null)
                {
                    return argument;
                }

                expressions.Add(expression);
            }
        }

        return expressions.Count > 0 ? FindRefusedPart(expressions) : positional is not null ? FindRefusedPart([positional]) : null;
    }

    private static bool TryReadOption(IReadOnlyList<string> arguments, ref int i, out string? expression)
    {
        string argument = arguments[i];
        expression = null;
        if (argument.StartsWith("--", StringComparison.Ordinal))
        {
            if (argument == Expression)
            {
                return TryNext(arguments, ref i, out expression);
            }

            if (argument.StartsWith(Expression + "=", StringComparison.Ordinal))
            {
                expression = argument[(Expression.Length + 1)..];
                return true;
            }

            return LongFlags.Contains(argument) || IsNumbered(argument, "--line-length=");
        }

        // GNU's -l takes a number, BSD's does not: with the number in the same argument it is an error there.
        if (IsNumbered(argument, "-l"))
        {
            return true;
        }

        for (int at = 1; at < argument.Length; at++)
        {
            if (argument[at] == 'e')
            {
                expression = argument[(at + 1)..];
                return expression.Length > 0 || TryNext(arguments, ref i, out expression);
            }

            if (!Flags.Contains(argument[at], StringComparison.Ordinal))
            {
                return false;
            }
        }

        return true;
    }

    private static bool TryNext(IReadOnlyList<string> arguments, ref int i, out string? expression)
    {
        expression = ++i < arguments.Count ? arguments[i] : null;
        return expression is not null;
    }

    private static bool IsNumbered(string argument, string option) =>
        argument.StartsWith(option, StringComparison.Ordinal) && argument.Length > option.Length
        && argument.AsSpan(option.Length).IndexOfAnyExceptInRange('0', '9') < 0;

    // The parts are one script, with a line feed between them.
    private static string? FindRefusedPart(List<string> parts)
    {
        // What a backslash at the end of a part does differs: GNU ends a text there, or goes on with the next part.
        if (parts.Find(part => part.EndsWith('\\')) is { } unfinished)
        {
            return unfinished;
        }

        if (SedScript.Reads(string.Join('\n', parts), out int at))
        {
            return null;
        }

        foreach (string part in parts)
        {
            if (at <= part.Length)
            {
                return part;
            }

            at -= part.Length + 1;
        }

        return parts[^1];
    }
}
